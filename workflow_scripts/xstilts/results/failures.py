"""What became of jobs that did not finish: the reasons that tables give for missing numbers.

Each job has a record while it runs and after it failed, and none after it succeeded. A job that
was killed leaves the record of a running one.
"""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from xstilts.errors import UserError
from xstilts.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xstilts.progress import Progress

State = Literal["running", "failed"]

KILLED = "ended without a word (killed, out of memory or a lost node?), or still running"
_LONGEST_REASON = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A job that has no result."""

    job: str
    """The job's name: rule and wildcards, unique in the folder."""
    state: State
    """``runtime`` for a job that never said how it ended."""
    reason: str
    """Why there is no result, in one line."""
    log: str
    """Where to read more."""
    progress: dict[str, Any] | None = None
    """The last that it said of how far it was (``xstilts.progress.Progress``)."""


def one_line(error: BaseException) -> str:
    """What an exception says, on one line and with its type unless it is meant for users."""
    text = " ".join(str(error).split())
    if not isinstance(error, UserError):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 1] + "…"


def _path(folder: Path, job: str) -> Path:
    return folder / f"{job}.json"


def record(folder: Path, job: str, error: BaseException | None, log: str, kind: State) -> None:
    """Note that a job started (``runtime``, no error) or failed, in place of what was noted before.

    Args:
        folder: folder of the records.
        job: name of the job; slashes make subfolders.
        error: what ended the job.
        log: path of the job's log.
        kind: state of the job.
    """
    reason = KILLED if error is None else one_line(error)
    write_json(_path(folder, job), {"job": job, "state": kind, "reason": reason, "log": log})


def record_progress(folder: Path, job: str, log: str, progress: Progress) -> None:
    """Note how far a running job is; a killed one leaves the last that it said as its reason."""
    reached = f"{KILLED}; last seen at {progress.unit} {progress.done} of {progress.total}"
    noted = {"job": job, "state": "running", "reason": reached, "log": log}
    # without waiting for the disk, and whatever it says: the next note is soon
    with contextlib.suppress(OSError):
        write_json(_path(folder, job), noted | {"progress": asdict(progress)}, durable=False)


def clear(folder: Path, job: str) -> None:
    """Forget what was noted about a job."""
    _path(folder, job).unlink(missing_ok=True)


def read(folder: Path) -> dict[str, Failure]:
    """The jobs without a result, by name; empty where the folder does not exist.

    Raises:
        UserError: a record is not valid JSON.
    """
    failures: dict[str, Failure] = {}
    for path in sorted(folder.rglob("*.json")):
        try:
            failure = Failure(**read_json(path))
        except UserError:
            if path.exists():
                raise
            continue  # the job succeeded since the folder was listed
        failures[failure.job] = failure
    return failures


@contextlib.contextmanager
def watched(folder: Path, job: str, log: str) -> Iterator[None]:
    """Keep the record of a job while the block runs; errors are noted and raised again."""
    record(folder, job, None, log, "running")
    try:
        yield
    except BaseException as error:
        record(folder, job, error, log, "failed")
        raise
    clear(folder, job)
