"""Display of a run for the user: planned jobs, finished jobs and the remaining time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xstilts.benchmark_files import run_seconds
from xstilts.errors import UserError
from xstilts.files import read_json
from xstilts.manifest import facts_of
from xstilts.monitor.estimate import TRAINED, Durations
from xstilts.monitor.screen import Screen, bar
from xstilts.progress import Progress, duration

NOUNS = {
    "bases": "base models",
    "intermediate": "intermediate stages",
    "target": "target stages",
    "predictions": "predicted cells",
}
"""Kinds that are counted in the summary, in the order in which they are made."""
REFRESH_SECONDS = 1.0
ROTATION_SECONDS = 3.0
"""Seconds for which the status line shows one of several running jobs."""

REPLACED_EVENTS = frozenset({"job_info", "job_started", "job_finished", "progress", "shellcmd"})
"""Events whose lines in Snakemake's log this module replaces by shorter ones."""


@dataclass(frozen=True, slots=True)
class Job:
    """A planned job of the run."""

    text: str
    """Description, as in ``Train mini on mnli, seed 1``."""
    product: str
    """Its product's path below ``results/STUDY``; also names its progress file while it runs."""
    benchmark: str
    """Path of its benchmark file below ``benchmarks``, without suffix."""


def event_of(record: logging.LogRecord) -> str:
    """Return the name of the event in a log record of Snakemake; empty for plain text."""
    event = getattr(record, "event", None)
    return str(getattr(event, "value", event) or "")


def is_shown(record: logging.LogRecord) -> bool:
    """True if Snakemake's own line is shown: this module does not replace it."""
    return event_of(record) not in REPLACED_EVENTS and record.msg != "Select jobs to execute..."


class Monitor(logging.Handler):
    """Log handler that writes a line for each finished job and updates the status line."""

    def __init__(
        self, root: Path, jobs: Mapping[int, Job], existing: Collection[str], screen: Screen
    ) -> None:
        """Write the summary of planned jobs.

        Args:
            root: the study's results folder.
            jobs: planned jobs by Snakemake's job id.
            existing: products of the run that are up to date.
            screen: output.
        """
        super().__init__()
        self._root, self._jobs, self._screen = root, jobs, screen
        self._waiting, self._running = dict(jobs), dict[int, float]()
        self._done, self._busy, self._started = 0, 0.0, time.monotonic()
        self._durations = Durations()
        self._durations.read(root / "benchmarks", [job.benchmark for job in jobs.values()])
        screen.write(f"{self._summary(existing)}\n")
        self._stopped = threading.Event()
        self._refreshing = threading.Thread(target=self._refresh, daemon=True)
        if screen.live:
            self._refreshing.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Handle an event of Snakemake."""
        event = event_of(record)
        if event == "job_info":
            self._waiting.pop(record.jobid, None)  # type: ignore[attr-defined]
            self._running[record.jobid] = time.monotonic()  # type: ignore[attr-defined]
        elif event == "job_error":
            self._end(record.jobid)  # type: ignore[attr-defined]
        elif event == "job_finished":
            number: int = record.job_id  # type: ignore[attr-defined]
            seconds = self._end(number)
            if job := self._jobs.get(number):
                self._done += 1
                # from its benchmark file: on a cluster the job may have waited for a node
                own = run_seconds(self._root / "benchmarks" / f"{job.benchmark}.jsonl")
                seconds = max(own, default=seconds)
                self._durations.add(job.benchmark, seconds)
                facts = ", ".join([duration(seconds), *_facts(self._root, job.product)])
                line = "; ".join(filter(None, [f"{job.text} ({facts})", self._left()]))
                self._screen.write(f"{self._count()} {line}\n")
                self._screen.flush()

    def close(self) -> None:
        """Remove the status line."""
        self._stopped.set()
        if self._refreshing.is_alive():
            self._refreshing.join()  # otherwise it could redraw the line after the last output
        self._screen.write("")
        self._screen.flush()
        super().close()

    def _end(self, number: int) -> float:
        """Return the seconds that a finished job took."""
        seconds = time.monotonic() - self._running.pop(number, time.monotonic())
        self._busy += seconds
        return seconds

    def _count(self) -> str:
        width = len(str(len(self._jobs)))
        return f"[{self._done:{width}}/{len(self._jobs)}]"

    def _summary(self, existing: Collection[str]) -> str:
        """Return the numbers of planned jobs and existing products."""
        new = {_unit(job.product) for job in self._jobs.values()}
        old = {_unit(product) for product in existing} - new
        counts = {kind: (_of(kind, new), _of(kind, old)) for kind in NOUNS}
        parts = [
            f"{made} of {made + kept} {NOUNS[kind]}"
            for kind, (made, kept) in counts.items()
            if made + kept
        ]
        made = f": {', '.join(parts)} to make" if parts else ""
        rest = "; the rest is up to date" if existing else ""
        return f"{self._root.name}, {len(self._jobs)} jobs{made}{rest}"

    def _left(self) -> str:
        """Return the remaining time as text; empty while unknown."""
        now = time.monotonic()
        running = [(self._jobs[n].benchmark, now - at) for n, at in list(self._running.items())
                   if n in self._jobs]  # fmt: skip
        waiting = [job.benchmark for job in list(self._waiting.values())]
        if not self._done or not (running or waiting):
            return ""
        busy = self._busy + sum(spent for _, spent in running)
        parallel = busy / max(now - self._started, 1e-9)
        seconds, complete = self._durations.left(waiting, running, parallel)
        if complete and seconds < 1:
            return "almost done"
        if not complete and seconds < 60:
            return ""
        return f"{'about' if complete else 'more than'} {duration(seconds)} left"

    def _refresh(self) -> None:
        """Update the status line until the run ends."""
        while not self._stopped.wait(REFRESH_SECONDS):
            self._screen.show(self._status())

    def _status(self) -> str:
        """Return job count, remaining time and progress of a running job, in rotation.

        Empty when all jobs are done, before the final output of the run.
        """
        running = [n for n in list(self._running) if n in self._jobs]
        if not running and not self._waiting:
            return ""
        text = self._count()
        if left := self._left():
            text += f" {left}"
        if running:
            turn = int(time.monotonic() / ROTATION_SECONDS) % len(running)
            which = f" ({turn + 1} of {len(running)})" if len(running) > 1 else ""
            text += f" | {self._state(self._jobs[running[turn]], which)}"
        return text

    def _state(self, job: Job, which: str) -> str:
        """Return the progress of one job as text."""
        found = _read_record(self._root / "failures" / f"{job.product}.json").get("progress")
        if not found:
            return f"{job.text}{which}"
        progress = Progress(**found)
        return f"{job.text}{which} {bar(progress.done, progress.total)} {progress}"


def _unit(product: str) -> str:
    """Return the unit that is counted: a base model and its tokenizer are one."""
    kind, *rest = product.split("/")
    return "/".join([kind, *(rest[:1] if kind == "bases" else rest)])


def _of(kind: str, products: Collection[str]) -> int:
    return sum(product.partition("/")[0] == kind for product in products)


def _read_record(path: Path) -> dict[str, Any]:
    try:
        return dict(read_json(path))
    except (UserError, OSError):
        return {}  # not yet written, already removed, or being replaced


def _facts(root: Path, product: str) -> list[str]:
    """Return loss and dev score of a finished stage as text."""
    if product.partition("/")[0] not in TRAINED:
        return []
    try:
        facts = facts_of(root / product / "manifest.json")
    except UserError:
        return []  # the job that reads it says so
    found = [f"loss {facts['final_loss']:.2f}"] if "final_loss" in facts else []
    return found + ([f"dev {facts['dev_score']:.1f}"] if facts.get("dev_score") is not None else [])
