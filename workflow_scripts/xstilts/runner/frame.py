"""The frame around a job: its log, its one-line error, and a record while it has not ended well."""

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

from xstilts.errors import Interrupted, UserError
from xstilts.paths import product, study_root
from xstilts.progress import Reporter
from xstilts.results.failures import record_progress, watched
from xstilts.runner.fork_client import run_in_fork
from xstilts.runner.messages import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAILED, INTERRUPTED = 1, 75
"""Exit codes; 75 is EX_TEMPFAIL: stopped from outside, state saved, start again to go on."""


def _configure_logging(log: Path) -> None:
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
) -> None:
    """Run ``call()`` as a job: in a fork of this run's fork server, or here where there is none.

    Leaves with the job's exit code if the job failed.

    Args:
        call: where it may run in a fork, it can be pickled (a function of a module, or a
            ``functools.partial`` of one).
        output: a file of the job's product, which gives the job its name and its study.
        log: the job's log file.
        reports: whether the call takes ``report``, to be told how far it is.
        network: whether the job may download. Such a job runs here: the fork server has imported
            the Hugging Face libraries with ``HF_HUB_OFFLINE=1``.
        fork: whether a fork may run the job; not where importing the call has loaded what the job
            needs already.
    """
    name = product(output)
    frame = Frame(name, log, str(study_root(output)), reports=reports, network=network)
    code = run_in_fork(call, frame) if fork and not network else None
    if code is None:
        run_here(call, frame)
    elif code < 0:
        sys.stderr.write(f"\n{name} was ended by {signal.Signals(-code).name}.\n\n")
        # what a shell reports of a process that a signal ended
        sys.exit(128 - code)
    elif code:
        sys.exit(code)


def run_here(call: Callable[..., None], frame: Frame) -> None:
    """Run ``call()`` as a job in this process; leaves with the job's exit code if it failed.

    A UserError becomes its one message on stderr and exit code 1; anything else also leaves a
    traceback in the log.
    """
    if not frame.network:
        # read when huggingface_hub is imported, which only the call itself does
        os.environ["HF_HUB_OFFLINE"] = "1"
    _configure_logging(Path(frame.log))
    failures = Path(frame.root) / "failures"
    with _exit_codes(frame.name, frame.log), watched(failures, frame.name, frame.log):
        if frame.reports:
            note = functools.partial(record_progress, failures, frame.name, frame.log)
            call(report=Reporter(note))
        else:
            call()


@contextlib.contextmanager
def _exit_codes(name: str, log: str) -> Iterator[None]:
    """Turn what ends a job into a message and an exit code."""
    logger = logging.getLogger("xstilts")
    try:
        yield
    except UserError as error:
        logger.error("%s", error)
        sys.stderr.write(f"\nError in {name}:\n{error}\n\n")
        sys.exit(FAILED)
    except Interrupted as error:
        logger.warning("%s", error)
        sys.stderr.write(f"\n{name} stopped: {error}\n\n")
        sys.exit(INTERRUPTED)
    except Exception as error:
        logger.error("%s", traceback.format_exc())
        sys.stderr.write(f"\nError in {name}: {type(error).__name__}: {error}\nSee {log}\n\n")
        sys.exit(FAILED)
