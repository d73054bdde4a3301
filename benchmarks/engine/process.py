"""The process of an implementation, as seen by the process that measures."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from setup import Setup

WORKER = Path(__file__).parent / "worker.py"


class Worker:
    """A process that computes rounds of one implementation."""

    def __init__(self, setup: Setup, folder: Path, *more: str) -> None:
        command = [sys.executable, str(WORKER), json.dumps(asdict(setup)), str(folder), *more]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def round(self) -> dict[str, Any]:
        """Compute one round."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"a worker ended with {self._process.wait()}; its message is above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
