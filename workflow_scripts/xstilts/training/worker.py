"""One of the processes of a team: ``python -m xstilts.training.worker FD``, by ``training.launch``.

The order comes as a line of JSON on standard input; log lines, result and error go to the file
descriptor FD, a line of JSON each.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import logging
import os
import signal
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from xstilts.errors import Interrupted, UserError

if TYPE_CHECKING:
    from xstilts.progress import Progress


class _Sender(logging.Handler):
    """Sends log records to the process that started this one."""

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
    """Wait for the end of standard input: nobody is left to train for, or to stop this."""
    sys.stdin.read()
    os._exit(1)


def work(order: dict[str, Any], out: TextIO) -> Any:
    """Meet the others and do what the order says; the result of this process."""
    from xstilts.training.distributed import join

    rank, size = order["rank"], order["size"]
    group, device = join(order["mode"], rank, size, order["meeting"], order["precision"])
    module, _, name = order["function"].partition(":")

    def report(progress: Progress) -> None:
        if group.is_main:
            send(out, {"progress": dataclasses.asdict(progress)})

    return getattr(importlib.import_module(module), name)(order["arguments"], report, group, device)


def main() -> NoReturn:
    """Work, and say how it ended."""
    # until training is ready to save its state, there is nothing to lose
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    out = os.fdopen(int(sys.argv[1]), "w", encoding="utf-8")
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    root = logging.getLogger("xstilts")
    root.addHandler(_Sender(out))
    root.setLevel(logging.WARNING if order["rank"] else logging.INFO)
    try:
        message, code = {"result": work(order, out)}, 0
    except (UserError, Interrupted) as error:
        message, code = {"error": _described(error, str(error))}, 1
    except Exception as error:
        who = f"process {order['rank'] + 1} of {order['size']}"
        root.error("%s: %s", who, traceback.format_exc())
        text = f"{who}: {type(error).__name__}: {error}"
        message, code = {"error": _described(error, text)}, 1
    send(out, message)
    # without the goodbye of process groups, which would wait for those that have failed
    os._exit(code)


def _described(error: Exception, text: str) -> dict[str, Any]:
    return {"kind": type(error).__name__, "text": text, "at": time.time()}


if __name__ == "__main__":
    main()
