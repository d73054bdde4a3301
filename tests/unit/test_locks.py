"""Locks of products and claims of runs, with real processes, some of them killed."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import xstilts
from xstilts.locks import FOLDER, claim, holder, locked
from xstilts.runner.frame import run_here
from xstilts.runner.messages import JobInfo

HOLD = """
import sys
from pathlib import Path
from xstilts.locks import locked

with locked(Path(sys.argv[1]), "the product", lambda text: print(text, flush=True)):
    print("locked", flush=True)
    sys.stdin.readline()
"""
CLAIM = """
import sys
from pathlib import Path
from xstilts.locks import claim

root, made, read = Path(sys.argv[1]), sys.argv[2].split(), sys.argv[3].split()
while not (lock := claim(root, made, read, lambda text: print(text, flush=True))):
    print("looked again", flush=True)
print("claimed", flush=True)
sys.stdin.readline()
"""


class Processes:
    """Processes that hold locks until :meth:`end` or a kill."""

    def __init__(self) -> None:
        self.running: list[subprocess.Popen[str]] = []

    def start(self, code: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(Path(xstilts.__file__).parents[1])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        return process


@pytest.fixture
def processes() -> Iterator[Processes]:
    found = Processes()
    yield found
    for process in found.running:
        process.kill()
        process.communicate()


def says(process: subprocess.Popen[str]) -> str:
    return process.stdout.readline().strip()


def test_the_second_waits_says_for_whom_and_continues(tmp_path: Path, processes: Processes) -> None:
    file = tmp_path / "locks/target/xnli.lock"
    first = processes.start(HOLD, file)
    assert says(first) == "locked"
    second = processes.start(HOLD, file)
    text = says(second)
    assert text.startswith(f"the product is being made by process {first.pid} on ")
    assert socket.gethostname() in text
    first.communicate("\n")
    assert says(second).startswith("the product is free after")
    assert says(second) == "locked"


def test_a_killed_holder_leaves_no_lock_behind(tmp_path: Path, processes: Processes) -> None:
    file = tmp_path / "a.lock"
    first, waiting = processes.start(HOLD, file), []
    assert says(first) == "locked"
    for _ in range(2):
        waiting.append(processes.start(HOLD, file))
        assert "Waiting" in says(waiting[-1])
    first.kill()
    # one of them is next; it is killed too, and then the other
    ready, _, _ = select.select([process.stdout for process in waiting], [], [], 30)
    (second,) = (process for process in waiting if process.stdout in ready)
    waiting.remove(second)
    assert says(second).startswith("the product is free")
    assert says(second) == "locked"
    second.kill()
    assert says(waiting[0]).startswith("the product is free")


def test_a_file_system_without_locks_is_said_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = 0

    def without(_descriptor: int, _operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", without)
    for number in (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP):  # noqa: B007 (of the closure)
        said: list[str] = []
        with locked(tmp_path / "a.lock", "it", said.append):
            assert "has no locks" in said[0]
        assert claim(tmp_path, ["a"], [], said.append)
    number = errno.EIO
    with pytest.raises(OSError, match="Input/output"), locked(tmp_path / "a.lock", "it", print):
        pass
    # an error of the block itself is not taken for one of the lock
    number = errno.ENOLCK
    with pytest.raises(OSError, match="of the job"), locked(tmp_path / "a.lock", "it", str):
        raise OSError(errno.ENOLCK, "of the job")


def test_the_holder_of_an_unreadable_lock_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "a.lock").write_text('{"host": ')
    assert holder(tmp_path / "a.lock") == "another process"


@pytest.mark.parametrize(
    ("made", "read", "waits"),
    [("a", "", True), ("c", "a", True), ("x", "", True), ("c", "x", False), ("c", "d", False)],
)
def test_runs_whose_files_overlap_run_one_after_the_other(
    tmp_path: Path, processes: Processes, made: str, read: str, waits: bool
) -> None:
    first = processes.start(CLAIM, tmp_path, "a b", "x")
    assert says(first) == "claimed"
    second = processes.start(CLAIM, tmp_path, made, read)
    said = says(second)
    if not waits:
        assert said == "claimed"
        return
    assert f"process {first.pid} on " in said
    assert "makes some of the same files" in said
    first.kill()
    assert [says(second), says(second)] == ["looked again", "claimed"]
    # the claim of the killed run is gone
    assert len(list((tmp_path / FOLDER / "runs").glob("*.json"))) == 1


def test_a_job_holds_the_lock_of_its_product(tmp_path: Path, processes: Processes) -> None:
    root = tmp_path / "results/tiny"
    first = processes.start(HOLD, root / FOLDER / "target/x.lock")
    assert says(first) == "locked"
    log = tmp_path / "job.log"
    job = processes.start(
        "import sys\nfrom xstilts.runner.frame import run_here\n"
        "from xstilts.runner.messages import JobInfo\n"
        "run_here(lambda: print('runs', flush=True), JobInfo('target/x', *sys.argv[1:]))",
        log,
        root,
    )
    while not log.is_file() or "is being made by" not in log.read_text():
        assert job.poll() is None
        time.sleep(0.02)
    # without a record of its own, which would replace that of the job it waits for
    assert not (root / "failures/target/x.json").exists()
    first.communicate("\n")
    assert says(job) == "runs"


def test_jobs_of_other_products_do_not_wait(tmp_path: Path, processes: Processes) -> None:
    root = tmp_path / "results/tiny"
    assert says(processes.start(HOLD, root / FOLDER / "target/x.lock")) == "locked"
    run_here(lambda: None, JobInfo("target/y", str(tmp_path / "log"), str(root)))
