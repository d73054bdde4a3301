"""Display of a run for the user: estimates, lines, and the status line of a terminal."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import xstilts
from xstilts.manifest import write_manifest
from xstilts.monitor.estimate import Durations, similarity_keys
from xstilts.monitor.run import Job, Monitor, is_shown
from xstilts.monitor.screen import CLEAR, Screen, bar
from xstilts.progress import Progress
from xstilts.results.failures import record_progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True

    def shows(self, status: str) -> bool:
        """Wait until the status line reads so."""
        deadline = time.monotonic() + 120
        while status not in self.getvalue().replace("\n", CLEAR).split(CLEAR):
            assert time.monotonic() < deadline, self.getvalue()
            time.sleep(0.02)
        return True


def event(name: str, **values: Any) -> logging.LogRecord:
    """A log record as Snakemake makes it."""
    record = logging.LogRecord("snakemake", logging.INFO, __file__, 1, None, None, None)
    record.__dict__.update({"event": name, **values})
    return record


def jobs() -> dict[int, Job]:
    products = ["bases/mini/model", "target/mini/seed-1/none/xnli", "tables/transfer"]
    return {n: Job(f"Make {name}", name, name) for n, name in enumerate(products, start=1)}


def test_jobs_are_most_similar_to_those_of_another_seed():
    durations = Durations()
    durations.add("target/mini/seed-1/none/xnli", 10.0)
    durations.add("target/mini/seed-1/mnli/xnli", 20.0)
    durations.add("target/mini/seed-1/none/udpos", 2.0)
    assert durations.estimate("target/mini/seed-2/mnli/xnli") == 20.0
    assert durations.estimate("target/mini/seed-2/squad_v1/xnli") == 15.0
    # another target on the same model, another model
    mean = pytest.approx(32 / 3)
    assert durations.estimate("target/mini/seed-1/none/xquad") == mean
    assert durations.estimate("target/large/seed-1/none/xnli") == mean
    # a target's small training set is no estimate for an intermediate stage
    assert durations.estimate("intermediate/mini/seed-1/squad_v1~mnli") is None
    assert durations.estimate("predictions/mini/seed-1/none/xnli") is None
    assert durations.estimate("data/xnli/qaa/test") == 3.0


def test_a_chain_is_similar_to_one_with_the_same_last_stage():
    assert (
        similarity_keys("intermediate/mini/seed-1/squad_v1~mnli")[1]
        == (similarity_keys("intermediate/mini/seed-2/mnli")[1])
    )


def test_durations_of_earlier_runs_are_read_from_the_results(tmp_path: Path):
    folder = tmp_path / "target/mini/seed-1/none"
    folder.mkdir(parents=True)
    (folder / "xnli.jsonl").write_text(json.dumps({"s": 40.0}) + "\n")
    (folder / "cut.jsonl").write_text('{"s": 4')
    (tmp_path / "report.jsonl").write_text(json.dumps({"s": 7.0}) + "\n")
    durations = Durations()
    durations.read(tmp_path, ["target/mini/seed-2/none/xnli"])
    assert durations.estimate("target/mini/seed-2/none/xnli") == 40.0
    # a kind that is not made again is not read
    assert durations.estimate("report") == 3.0


def test_the_time_left_is_divided_by_the_number_of_parallel_jobs():
    durations = Durations()
    for name, seconds in (("bases/a/model", 60.0), ("predictions/a/seed-1/none/xnli", 10.0)):
        durations.add(name, seconds)
    waiting = ["predictions/a/seed-2/none/xnli"] * 20
    running = [("bases/a/model", 20.0)]
    assert durations.left(waiting, running, 2.0) == (120.0, True)
    # no shorter than the longest job, however many run
    assert durations.left(waiting, running, 100.0) == (40.0, True)
    assert durations.left(["target/a/seed-1/none/xnli"], running, 1.0) == (40.0, False)


def test_a_log_gets_a_line_per_job_and_no_control_codes(tmp_path: Path):
    stream = io.StringIO()
    facts = {"final_loss": 0.7134, "dev_score": 61.25}
    write_manifest(tmp_path / "bases/mini/model/manifest.json", {}, files={}, facts=facts)
    screen = Screen(stream)
    monitor = Monitor(tmp_path, jobs(), ["target/mini/seed-1/mnli/xnli", "data/a"], screen)
    for number in (1, 2):
        monitor.emit(event("job_info", jobid=number))
        monitor.emit(event("job_finished", job_id=number))
    monitor.emit(event("job_finished", job_id=99))
    screen.show("not on a terminal")
    monitor.close()
    first, *lines = stream.getvalue().splitlines()
    assert first == (
        f"{tmp_path.name}, 3 jobs: 1 of 1 base models, 1 of 2 target stages to make; "
        "the rest is up to date"
    )
    assert lines == [
        "[1/3] Make bases/mini/model (0 s, loss 0.71, dev 61.2)",
        "[2/3] Make target/mini/seed-1/none/xnli (0 s); about 3 s left",
    ]


def test_the_time_in_a_queue_does_not_count(tmp_path: Path):
    stream = io.StringIO()
    file = tmp_path / "benchmarks/bases/mini/model.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"s": 5400.0}) + "\n")
    monitor = Monitor(tmp_path, jobs(), [], Screen(stream))
    monitor.emit(event("job_info", jobid=1))
    monitor.emit(event("job_finished", job_id=1))
    assert "Make bases/mini/model (1 h 30 min)" in stream.getvalue()


def test_a_failed_job_is_not_counted_and_may_start_again(tmp_path: Path):
    stream = io.StringIO()
    monitor = Monitor(tmp_path, jobs(), [], Screen(stream))
    for name, key in (("job_info", "jobid"), ("job_error", "jobid"), ("job_info", "jobid"),
                      ("job_finished", "job_id")):  # fmt: skip
        monitor.emit(event(name, **{key: 1}))
    assert re.findall(r"\[(\d)/3\]", stream.getvalue()) == ["1"]


def test_a_terminal_has_one_status_line_below_the_others(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("xstilts.monitor.run.REFRESH_SECONDS", 0.05)
    monkeypatch.setattr("xstilts.monitor.run.ROTATION_SECONDS", 0.2)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    screen = Screen(stream)
    monitor = Monitor(tmp_path, jobs(), [], screen)
    name = "target/mini/seed-1/none/xnli"
    progress = Progress(50, 200, "step", "loss 0.5000, 1,234 tokens/s", 70.0)
    record_progress(tmp_path / "failures", name, "x.log", progress)
    shown = "Make target/mini/seed-1/none/xnli{} [#####...............] step 50/200, loss 0.5000"
    rest = ", 1,234 tokens/s, 70 s left"
    monitor.emit(event("job_info", jobid=2))
    assert stream.shows(f"[0/3] | {shown.format('')}{rest}")
    monitor.emit(event("job_info", jobid=1))
    assert stream.shows(f"[0/3] | {shown.format(' (1 of 2)')}{rest}")
    assert stream.shows("[0/3] | Make bases/mini/model (2 of 2)")
    screen.write("Error: something\n")
    monitor.emit(event("job_finished", job_id=2))
    monitor.close()
    time.sleep(0.2)
    error, job, rest = [line.rpartition(CLEAR)[2] for line in stream.getvalue().split("\n")[1:]]
    assert error == "Error: something"
    assert re.fullmatch(r"\[1/3\] Make target/mini/seed-1/none/xnli \(\d+ s\)", job)
    assert rest == ""


def test_the_status_line_goes_with_the_last_job(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("xstilts.monitor.run.REFRESH_SECONDS", 0.05)
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    monitor = Monitor(tmp_path, {1: jobs()[1]}, [], Screen(stream))
    monitor.emit(event("job_info", jobid=1))
    assert stream.shows("[0/1] | Make bases/mini/model")
    monitor.emit(event("job_info", jobid=2))  # a rule without a file, such as Snakemake's targets
    monitor.emit(event("job_finished", job_id=1))
    time.sleep(0.2)
    last = stream.getvalue().rpartition(CLEAR)[2]
    assert re.fullmatch(r"\[1/1\] Make bases/mini/model \(\d+ s\)\n", last)
    monitor.close()


def test_a_status_line_fits_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    Screen(stream).show("x" * 100)
    assert stream.getvalue() == "x" * 36 + "..."
    monkeypatch.setenv("TERM", "dumb")
    assert not Screen(Terminal()).live


def test_bars():
    assert bar(0, 10, 4) == "[....]"
    assert bar(9, 10, 4) == "[###.]"
    assert bar(10, 10, 4) == "[####]"
    assert bar(0, 0, 4) == "[....]"


def test_snakemakes_process_imports_no_large_libraries():
    code = "import sys, xstilts.monitor.run; print(*{n.partition('.')[0] for n in sys.modules})"
    library = str(Path(xstilts.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": library},
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(done.stdout.split())
    assert "xstilts" in imported
    assert not imported & {"torch", "numpy", "pyarrow", "pandas", "pydantic", "tqdm"}


def test_errors_and_totals_of_snakemake_stay():
    replaced = ["job_info", "job_started", "job_finished", "progress", "shellcmd"]
    assert [is_shown(event(name)) for name in replaced] == [False] * 5
    assert is_shown(event("job_error"))
    assert is_shown(event("run_info"))
    plain = logging.LogRecord("snakemake", logging.INFO, __file__, 1, "Trying to restart", (), None)
    assert is_shown(plain)
    plain.msg = "Select jobs to execute..."
    assert not is_shown(plain)
