"""A process of a process group: ``python -m xstilts.training.worker FD``.

Started by ``training.launch``, which sends the pickled job on standard input. Log lines, result and
error are written to the file descriptor FD, as a line of JSON each.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import pickle
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from xstilts.errors import Interrupted, Stopped, UserError
from xstilts.training.signals import stoppable

if TYPE_CHECKING:
    from xstilts.progress import Progress


class _Sender(logging.Handler):
    """Sends log records to the launcher."""

    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self.out = out

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record."""
        send(self.out, {"log": self.format(record), "level": record.levelno})


def send(out: TextIO, message: dict[str, Any]) -> None:
    """Send a message."""
    out.write(f"{json.dumps(message)}\n")
    out.flush()


def _end_with_parent() -> NoReturn:
    """Exit when standard input is closed: the launcher has ended."""
    sys.stdin.read()
    os._exit(1)


def work(job: dict[str, Any], out: TextIO) -> Any:
    """Join the process group and run the job; return the result of this process."""
    from xstilts.training.distributed import join

    rank, size = job["rank"], job["size"]
    group, device = join(job["mode"], rank, size, job["rendezvous"], job["precision"])

    def report(progress: Progress) -> None:
        if group.is_main:
            send(out, {"progress": dataclasses.asdict(progress)})

    return pickle.loads(job["call"])(report, group, device)


def main() -> NoReturn:
    """Run the job and send its result or error."""
    out = os.fdopen(int(sys.argv[1]), "w", encoding="utf-8")
    job = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    root = logging.getLogger("xstilts")
    root.addHandler(_Sender(out))
    root.setLevel(logging.WARNING if job["rank"] else logging.INFO)
    try:
        with stoppable():
            message, code = {"result": work(job, out)}, 0
    except (UserError, Interrupted, Stopped) as error:
        message, code = {"error": _described(error, str(error))}, 1
    except Exception as error:
        who = f"process {job['rank'] + 1} of {job['size']}"
        root.error("%s: %s", who, traceback.format_exc())
        text = f"{who}: {type(error).__name__}: {error}"
        message, code = {"error": _described(error, text)}, 1
    send(out, message)
    # without destroying the process group, which would wait for processes that have failed
    os._exit(code)


def _described(error: BaseException, text: str) -> dict[str, Any]:
    return {"kind": type(error).__name__, "text": text, "at": time.time()}


if __name__ == "__main__":
    main()
