"""Records of jobs that did not finish: the reasons that tables give for missing scores.

A job has a record while it runs and after it failed, and none after it succeeded. A killed job
leaves the record of a running one.
"""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from xstilts.errors import Interrupted, Stopped, UserError
from xstilts.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xstilts.progress import Progress

State = Literal["running", "failed", "stopped", "interrupted"]
"""Of a job; ``interrupted`` if its training state is saved, ``stopped`` if it starts again."""

KILLED = "no exit status: killed, out of memory, node lost, or still running"
_LONGEST_REASON = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A job that has no result."""

    job: str
    """The job's name: rule and wildcards, unique in the folder."""
    state: State
    """``running`` also for a job that was killed and recorded no end."""
    reason: str
    """Why there is no result, in one line."""
    log: str
    """Path of the job's log."""
    progress: dict[str, Any] | None = None
    """The last progress that it reported (``xstilts.progress.Progress``)."""


def one_line(error: BaseException) -> str:
    """An exception's message on one line, with its type unless it is a ``UserError``."""
    text = " ".join(str(error).split())
    if not isinstance(error, UserError):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 1] + "…"


def _path(folder: Path, job: str) -> Path:
    return folder / f"{job}.json"


def record(folder: Path, job: str, error: BaseException | None, log: str, state: State) -> None:
    """Write the record of a job that started (``running``, no error) or ended without a result.

    Args:
        folder: folder of the records.
        job: name of the job; slashes make subfolders.
        error: the exception that ended the job.
        log: path of the job's log.
        state: state of the job.
    """
    reason = KILLED if error is None else one_line(error)
    write_json(_path(folder, job), {"job": job, "state": state, "reason": reason, "log": log})


def record_progress(folder: Path, job: str, log: str, progress: Progress) -> None:
    """Record the progress of a running job; if it is killed, this becomes the reason."""
    reached = f"{KILLED}; last seen at {progress.unit} {progress.done} of {progress.total}"
    content = {"job": job, "state": "running", "reason": reached, "log": log}
    # without fsync, and errors are ignored: the next update follows soon
    with contextlib.suppress(OSError):
        write_json(_path(folder, job), content | {"progress": asdict(progress)}, durable=False)


def clear(folder: Path, job: str) -> None:
    """Delete the record of a job, if any."""
    _path(folder, job).unlink(missing_ok=True)


def read(folder: Path) -> dict[str, Failure]:
    """Read the jobs without a result, by name; empty if the folder does not exist.

    Raises:
        UserError: a record is not valid JSON.
    """
    failures: dict[str, Failure] = {}
    for path in sorted(folder.rglob("*.json")):
        try:
            failure = _failure(path)
        except UserError:
            if path.exists():
                raise
            continue  # the job succeeded since the folder was listed
        failures[failure.job] = failure
    return failures


def _failure(path: Path) -> Failure:
    """Read one record."""
    values = read_json(path)
    try:
        return Failure(**values)
    except TypeError:
        raise UserError(f"{path}: not the record of a job. Delete it.") from None


@contextlib.contextmanager
def watched(folder: Path, job: str, log: str) -> Iterator[None]:
    """Keep the record of a job while the block runs; errors are recorded and raised again."""
    record(folder, job, None, log, "running")
    try:
        yield
    except BaseException as error:
        state: State = "failed"
        if isinstance(error, Interrupted | Stopped):
            state = "interrupted" if isinstance(error, Interrupted) else "stopped"
        record(folder, job, error, log, state)
        raise
    clear(folder, job)
