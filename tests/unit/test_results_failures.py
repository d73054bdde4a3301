"""Records of jobs that did not finish."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import xstilts
from xstilts.errors import UserError
from xstilts.results.failures import clear, read, record, watched

JOB = "train/tiny/seed-1/mnli"


def test_success_leaves_no_record_even_of_an_earlier_failure(tmp_path: Path) -> None:
    record(tmp_path, JOB, ValueError("old"), "old.log", "failed")
    with watched(tmp_path, JOB, "new.log"):
        assert read(tmp_path)[JOB].state == "running"
    assert read(tmp_path) == {}


def test_an_error_is_recorded_in_one_line_and_raised_again(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), watched(tmp_path, JOB, "x.log"):
        raise RuntimeError("CUDA out\n of   memory")
    failure = read(tmp_path)[JOB]
    assert (failure.state, failure.reason) == ("failed", "RuntimeError: CUDA out of memory")
    assert failure.log == "x.log"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (UserError("config.yaml: no such task."), "config.yaml: no such task."),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (ValueError("x" * 1000), "ValueError: " + "x" * 287 + "…"),
    ],
)
def test_reasons(tmp_path: Path, error: BaseException, reason: str) -> None:
    record(tmp_path, JOB, error, "x.log", "failed")
    assert read(tmp_path)[JOB].reason == reason


def test_a_killed_job_has_no_exit_status(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from xstilts.results.failures import watched\n"
        "with watched(Path(sys.argv[1]), 'job', 'x.log'): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    library = str(Path(xstilts.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": library},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    failure = read(tmp_path)["job"]
    assert failure.state == "running"
    assert failure.reason.startswith("no exit status: killed, out of memory, node lost")


def test_clear_and_an_absent_folder(tmp_path: Path) -> None:
    record(tmp_path, JOB, None, "x.log", "running")
    record(tmp_path, f"{JOB}/xnli", None, "y.log", "running")
    clear(tmp_path, JOB)
    clear(tmp_path, "never ran")
    assert set(read(tmp_path)) == {f"{JOB}/xnli"}
    assert read(tmp_path / "absent") == {}


def test_a_job_that_succeeds_while_records_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, JOB, None, "x.log", "running")
    listed = list(tmp_path.rglob("*.json"))
    clear(tmp_path, JOB)
    monkeypatch.setattr(Path, "rglob", lambda *_: listed)
    assert read(tmp_path) == {}


def test_a_broken_record_is_named(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=r"job\.json: not valid JSON"):
        read(tmp_path)
