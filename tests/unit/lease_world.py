"""Jobs that lease GPUs in processes of their own, with real locks and imaginary devices."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import xstilts

LIBRARY = str(Path(xstilts.__file__).parents[1])

JOB = """
import logging, os, sys
from pathlib import Path
from xstilts.gpus import Gpus, leased

logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
folder, devices, count, jobs_per_gpu = sys.argv[1], *map(int, sys.argv[2:])
gpus = Gpus(count=count, jobs_per_gpu=jobs_per_gpu)
with leased(gpus, devices=lambda: devices, folder=Path(folder)):
    print(os.environ.get("CUDA_VISIBLE_DEVICES", "all"), flush=True)
    sys.stdin.readline()
print("gone" if "CUDA_VISIBLE_DEVICES" not in os.environ else "still set", flush=True)
"""
VARIABLES = ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID", "XSTILTS_LEASES")


@dataclass
class Job:
    """One process."""

    process: subprocess.Popen[str]
    log: Path

    def devices(self, within: float = 20.0) -> str:
        """Wait for its lease; return the devices that it sees."""
        os.set_blocking(self.process.stdout.fileno(), False)
        deadline = time.monotonic() + within
        while not (line := self.process.stdout.readline()):
            assert time.monotonic() < deadline, self.log.read_text()
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.02)
        return line.strip()

    def waits(self) -> bool:
        """Return True if it logs that it waits, and has no lease some time later."""
        deadline = time.monotonic() + 120
        while "waiting" not in self.log.read_text():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)
        time.sleep(0.5)
        os.set_blocking(self.process.stdout.fileno(), False)
        return not self.process.stdout.readline()

    def finish(self) -> str:
        """Make it exit; return its last output."""
        os.set_blocking(self.process.stdout.fileno(), True)
        said, _ = self.process.communicate("\n", timeout=20)
        return said.strip()

    def kill(self) -> None:
        """Kill it, as the kernel does when memory runs out."""
        self.process.kill()
        self.process.wait(timeout=20)


@dataclass
class Machine:
    """A machine with a number of devices."""

    folder: Path
    devices: int
    jobs: list[Job] = field(default_factory=list)

    def start(self, count: int = 1, jobs_per_gpu: int = 1, **environment: str) -> Job:
        """Start a job, which holds its lease until :meth:`finish`."""
        log = self.folder / f"log-{len(self.jobs)}.txt"
        clean = {key: value for key, value in os.environ.items() if key not in VARIABLES}
        numbers = (self.devices, count, jobs_per_gpu)
        with log.open("w") as stream:
            process = subprocess.Popen(
                [sys.executable, "-c", JOB, str(self.folder / "locks"), *map(str, numbers)],
                env={**clean, "PYTHONPATH": LIBRARY, **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
            )
        self.jobs.append(Job(process, log))
        return self.jobs[-1]
