"""Jobs in forks of the fork server behave like jobs in their script's own process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from xstilts.runner.fork_client import start_fork_server
from xstilts.runner.run_folder import FORK_SERVER, VARIABLE, RunFolder

ROOT = Path(__file__).parents[2]
SCRIPT = """
import os, sys
from functools import partial
import runner_jobs
from xstilts.runner.frame import run
name, *arguments = sys.argv[1:]
run(
    partial(getattr(runner_jobs, name), *arguments),
    output=f"results/s/scores/{os.environ.get('PRODUCT', 'b')}.json",
    log="job.log",
)
"""


@pytest.fixture(scope="module")
def run_folder() -> Iterator[RunFolder]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, "")
        yield RunFolder()


@pytest.fixture(scope="module")
def fork_server(run_folder: RunFolder) -> Iterator[subprocess.Popen[bytes]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{ROOT / 'workflow_scripts'}:{Path(__file__).parent}")
        process = start_fork_server(run_folder)
        assert process is not None
        deadline = time.monotonic() + 120
        while not (run_folder.path / FORK_SERVER).exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=30) == 0
        # it belongs to a run that has not ended
        assert run_folder.path.exists()
        run_folder.remove()


def script(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def appears(file: Path) -> str:
    """Wait for a file that a job writes; return its text."""
    deadline = time.monotonic() + 120
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return file.read_text()


@pytest.mark.usefixtures("fork_server")
def test_a_job_runs_in_a_fork_with_its_own_folder_environment_and_output(tmp_path: Path) -> None:
    job = script(tmp_path, "describe", "there.txt", COLOUR="blue")
    out, error = job.communicate(timeout=60)
    assert job.returncode == 0, error
    pid, folder, colour, torch = (tmp_path / "there.txt").read_text().split("|")
    assert int(pid) != job.pid
    assert (folder, colour, torch) == (str(tmp_path), "blue", "True")
    assert (out, error) == ("out\n", "error\n")
    assert "described" in (tmp_path / "job.log").read_text()


@pytest.mark.usefixtures("fork_server")
def test_an_optimiser_imports_almost_nothing_in_a_fork(
    tmp_path: Path, fork_server: subprocess.Popen[bytes]
) -> None:
    job = script(tmp_path, "optimise", "imported.txt")
    _, error = job.communicate(timeout=60)
    assert job.returncode == 0, error
    # torch's compiler alone, which the fork server has imported, is 800 modules
    assert len((tmp_path / "imported.txt").read_text().split()) < 10


def test_a_user_error_ends_the_script_with_its_message(tmp_path: Path) -> None:
    job = script(tmp_path, "refuse")
    _, error = job.communicate(timeout=60)
    assert job.returncode == 1
    assert "Error in scores/b:\nno such thing" in error
    assert (tmp_path / "results/s/failures/scores/b.json").is_file()


@pytest.mark.usefixtures("fork_server")
def test_a_signal_reaches_the_fork(tmp_path: Path) -> None:
    job = script(tmp_path, "wait", "started")
    appears(tmp_path / "started")
    job.send_signal(signal.SIGUSR1)
    _, error = job.communicate(timeout=60)
    assert job.returncode == 75
    assert "scores/b stopped: SIGUSR1" in error


@pytest.mark.usefixtures("fork_server")
def test_a_fork_dies_with_its_script(tmp_path: Path) -> None:
    job = script(tmp_path, "wait", "started")
    pid = int(appears(tmp_path / "started"))
    job.kill()
    deadline = time.monotonic() + 120
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.usefixtures("fork_server")
def test_a_fork_that_is_killed_is_reported(tmp_path: Path) -> None:
    job = script(tmp_path, "wait", "started")
    os.kill(int(appears(tmp_path / "started")), signal.SIGKILL)
    _, error = job.communicate(timeout=60)
    assert job.returncode == 128 + signal.SIGKILL
    assert "scores/b was ended by SIGKILL" in error


@pytest.mark.usefixtures("fork_server")
def test_jobs_run_in_parallel(tmp_path: Path) -> None:
    # of different products: one product is made by one job at a time
    jobs = [script(tmp_path, "meet", str(n), "4", PRODUCT=str(n)) for n in range(4)]
    assert [job.wait(timeout=60) for job in jobs] == [0, 0, 0, 0]


@pytest.mark.parametrize("path", ["", "/nowhere/run-1"])
def test_without_a_fork_server_a_job_runs_in_its_script(tmp_path: Path, path: str) -> None:
    paths = f"{ROOT / 'workflow_scripts'}:{Path(__file__).parent}"
    job = script(tmp_path, "describe", "there.txt", PYTHONPATH=paths, **{VARIABLE: path})
    _, error = job.communicate(timeout=60)
    assert job.returncode == 0, error
    assert int((tmp_path / "there.txt").read_text().split("|")[0]) == job.pid


def test_the_fork_server_has_a_single_thread(fork_server: subprocess.Popen[bytes]) -> None:
    assert len(list(Path(f"/proc/{fork_server.pid}/task").iterdir())) == 1
