"""Progress of jobs: rate of reports, log lines and records."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from toy_stage import stage

import xstilts
from xstilts.progress import Progress, Reporter, duration, seconds_left
from xstilts.results.failures import read

LIBRARY = str(Path(xstilts.__file__).parents[1])

# a job that reports its progress twice, a second apart, and is killed
KILLED = """
import os, signal, sys, time
from xstilts.runner.frame import run
from xstilts.progress import Progress

def job(report):
    for step in (10, 20):
        time.sleep(1.1)
        report(Progress(step, 200, "step", "loss 0.5", 30.0))
    if len(sys.argv) == 1:
        os.kill(os.getpid(), signal.SIGKILL)

run(job, output="results/toy/target/mini/manifest.json", log="job.log", reports=True, fork=False)
"""


def at(done: int, total: int = 1000) -> Progress:
    return Progress(done, total, "step", "loss 0.5000", 60.0)


def test_lines_come_at_tenths_and_after_half_a_minute():
    lines: list[str] = []
    now = 0.0
    report = Reporter(log=lines.append, clock=lambda: now)
    for step in range(1, 1001):
        # a second per step in the first tenth, almost none later
        now += 1.0 if step <= 100 else 0.001
        report(at(step))
    said = [int(line.split()[1].split("/")[0].replace(",", "")) for line in lines]
    assert said == [30, 60, 90, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]
    assert lines[0] == "step 30/1,000, loss 0.5000, 60 s left"


def test_the_record_is_written_once_a_second_at_most():
    published: list[int] = []
    now = 0.0
    report = Reporter(lambda p: published.append(p.done), log=lambda _: None, clock=lambda: now)
    for step in range(1, 41):
        now += 0.25
        report(at(step))
    assert published == list(range(4, 41, 4))


@pytest.mark.slow
def test_the_reason_of_a_killed_job_has_its_progress(tmp_path: Path):
    environment = {**os.environ, "PYTHONPATH": LIBRARY}
    command = [sys.executable, "-c", KILLED]
    done = subprocess.run(command, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    failure = read(tmp_path / "results/toy/failures")["target/mini"]
    assert failure.reason.endswith("or still running; last seen at step 20 of 200")
    assert Progress(**(failure.progress or {})).seconds_left == 30.0
    assert "step 20/200, loss 0.5, 30 s left" in (tmp_path / "job.log").read_text()
    subprocess.run([*command, "to the end"], cwd=tmp_path, env=environment, check=True)
    assert read(tmp_path / "results/toy/failures") == {}


def test_training_reports_step_loss_speed_and_time_left(tmp_path: Path, caplog):
    said: list[Progress] = []
    stage(tmp_path, run={"report": said.append}, count=96, epochs=10.0)
    assert [progress.done for progress in said] == [20, 40, 60]
    assert {progress.total for progress in said} == {60}
    assert said[-1].seconds_left == 0 < said[0].seconds_left
    assert said[0].detail.startswith("classification loss 0.")
    assert said[0].detail.endswith(" tokens/s")
    with caplog.at_level(logging.INFO, logger="xstilts"):
        stage(tmp_path, out="again", count=96, epochs=10.0)
    assert sum("tokens/s" in line for line in caplog.messages) == 3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (99, "99 s"), (100, "2 min"), (3540, "59 min"), (3599, "1 h 00 min"),
     (7500, "2 h 05 min"), (86399, "1 d 0 h"), (183600, "2 d 3 h")],
)  # fmt: skip
def test_durations_as_text(seconds: float, text: str):
    assert duration(seconds) == text


def test_the_time_left_follows_the_speed_so_far():
    assert seconds_left(25, 100, 50.0) == 150.0
    assert seconds_left(0, 10, 3.0) == 30.0
