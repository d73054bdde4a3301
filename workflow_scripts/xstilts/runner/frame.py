"""The frame of a job: lock, log, exit code, one-line error message, record in ``failures/``."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.errors import Interrupted, Stopped, UserError
from xstilts.paths import product, study_root
from xstilts.progress import Reporter
from xstilts.results.failures import record_progress, watched
from xstilts.runner.causes import explained
from xstilts.runner.fork_client import run_in_fork
from xstilts.runner.messages import JobInfo
from xstilts.runner.run_folder import follow_run, run_is_stopping, stop_run
from xstilts.storage import storage_problem
from xstilts.terminal import replace_unencodable
from xstilts.training.signals import stoppable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

FAILED, INTERRUPTED = 1, 75
"""Exit codes; 75 is EX_TEMPFAIL: interrupted with its state saved, can be resumed."""


def _configure_logging(log: Path) -> None:
    # errors of the log itself, as of a full disk, would be printed for every line
    logging.raiseExceptions = False
    log.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(log, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger("xstilts")
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    root.propagate = False


def run(
    call: Callable[..., None],
    *,
    output: str,
    log: str,
    reports: bool = False,
    network: bool = False,
    fork: bool = True,
    reads: Iterable[str] = (),
) -> None:
    """Run ``call()`` as a job: in a fork of this run's fork server, or in this process without one.

    Exits with the job's exit code if the job fails.

    Args:
        call: the job; if it may run in a fork, it must be picklable (a function of a module, or a
            ``functools.partial`` of one).
        output: a file of the job's product, from which the names of job and study derive.
        log: the job's log file.
        reports: True if the call takes the argument ``report``, for its progress.
        network: True if the job may download. It then runs in this process, since the fork server
            has imported the Hugging Face libraries with ``HF_HUB_OFFLINE=1``.
        fork: False for a job that needs no more imports than its script has made already.
        reads: files that the job reads, if the arguments of ``call`` do not name them; if it fails,
            they are checked for damage.
    """
    name = product(output)
    info = JobInfo(name, log, str(study_root(output)), reports=reports, network=network)
    # messages may have characters that the terminal lacks
    replace_unencodable()
    try:
        with stoppable():
            follow_run()
            code = run_in_fork(call, info) if fork and not network else None
    except Stopped:
        sys.exit(INTERRUPTED)
    if code is None:
        run_here(call, info, [Path(file) for file in reads])
    elif code < 0:
        sys.stderr.write(f"\n{name} was ended by {signal.Signals(-code).name}.\n\n")
        # the exit code of a shell for a process that was ended by a signal
        sys.exit(128 - code)
    elif code:
        sys.exit(code)


def run_here(call: Callable[..., None], info: JobInfo, reads: Sequence[Path] = ()) -> None:
    """Run ``call()`` as a job in this process; exit with the job's exit code if it fails.

    The job holds the lock of its product: another one, in a second checkout with the same results
    or left over from a killed run, ends first. The message of a UserError is printed to stderr,
    with exit code 1; other exceptions also write their traceback to the log.

    Args:
        call: the job.
        info: its name, log and options.
        reads: files that it reads, besides those among the arguments of ``call``.
    """
    if not info.network:
        # read when huggingface_hub is imported, which happens in the call
        os.environ["HF_HUB_OFFLINE"] = "1"
    failures = Path(info.root) / "failures"
    from xstilts.leftovers import temporary_folder_of_job
    from xstilts.locks import FOLDER, locked

    lock = Path(info.root) / FOLDER / f"{info.name}.lock"
    with stoppable(), _no_questions(), _exit_codes([call, reads], info):
        _configure_logging(Path(info.log))
        with (
            locked(lock, info.name, _say),
            watched(failures, info.name, info.log),
            temporary_folder_of_job(),
        ):
            if info.reports:
                note = functools.partial(record_progress, failures, info.name, info.log)
                call(report=Reporter(note))
            else:
                call()


@contextlib.contextmanager
def _no_questions() -> Iterator[None]:
    """Give no answer to a library that asks the user something, instead of what is typed."""
    terminal = sys.stdin
    with Path(os.devnull).open(encoding="utf-8") as nothing:
        sys.stdin = nothing
        try:
            yield
        finally:
            sys.stdin = terminal


def _say(text: str) -> None:
    """Write a sentence to the log and to the screen."""
    logging.getLogger("xstilts").info("%s", text)
    sys.stderr.write(f"{text}\n")


@contextlib.contextmanager
def _exit_codes(job: object, info: JobInfo) -> Iterator[None]:
    """Turn exceptions into a message and an exit code."""
    name, log = info.name, info.log
    logger = logging.getLogger("xstilts")
    try:
        with explained(job, name, Path(info.root)):
            yield
    except UserError as error:
        logger.error("%s", error)
        sys.stderr.write(f"\nError in {name}:\n{error}\n\n")
        sys.exit(FAILED)
    except Stopped as error:
        logger.warning("stopped by %s", error)
        _say_stopped(f"{name} was stopped by {error}.")
        sys.exit(INTERRUPTED)
    except Interrupted as error:
        logger.warning("%s", error)
        _say_stopped(f"{name} stopped: {error}")
        sys.exit(INTERRUPTED)
    except Exception as error:
        logger.error("%s", traceback.format_exc())
        if problem := storage_problem(error, Path(info.root)):
            # met by most jobs at once: the first one stops the run
            if stop_run(problem):
                sys.stderr.write(f"\nError in {name}:\n{problem}\n\n")
        else:
            sys.stderr.write(f"\nError in {name}: {type(error).__name__}: {error}\nSee {log}\n\n")
        sys.exit(FAILED)


def _say_stopped(text: str) -> None:
    """Say that this job was stopped, unless the whole run is: it says so itself."""
    if not run_is_stopping():
        sys.stderr.write(f"\n{text}\n\n")
