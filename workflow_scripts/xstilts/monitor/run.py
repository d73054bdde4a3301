"""A run as its person sees it: what there is to do, each job that ends, and the time left."""

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
"""Kinds that a person counts, in the order in which they are made."""
REFRESH_SECONDS = 1.0
TURN_SECONDS = 3.0
"""So long the status line shows one job of several."""

TOLD = frozenset({"job_info", "job_started", "job_finished", "progress", "shellcmd"})
"""Events of which Snakemake's own account is left out: this module gives a shorter one."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job that the run will do."""

    text: str
    """What it does, as in ``Train mini on mnli, seed 1``."""
    product: str
    """Its product's path below ``results/STUDY``; also the name of its record while it runs."""
    record: str
    """Its benchmark's path, by which like jobs are found."""


def event_of(record: logging.LogRecord) -> str:
    """Name of the event that a log record of Snakemake's stands for; empty for plain text."""
    event = getattr(record, "event", None)
    return str(getattr(event, "value", event) or "")


def is_news(record: logging.LogRecord) -> bool:
    """Whether Snakemake's own line says something that this module does not."""
    return event_of(record) not in TOLD and record.msg != "Select jobs to execute..."


class Monitor(logging.Handler):
    """Listens to Snakemake's events and writes a line for each job that ends."""

    def __init__(
        self, root: Path, jobs: Mapping[int, Job], there: Collection[str], screen: Screen
    ) -> None:
        """Say what there is to do.

        Args:
            root: the study's folder of results.
            jobs: what will be done, by Snakemake's number.
            there: products of the run that are there and stay.
            screen: to write to.
        """
        super().__init__()
        self._root, self._jobs, self._screen = root, jobs, screen
        self._waiting, self._running = dict(jobs), dict[int, float]()
        self._done, self._busy, self._started = 0, 0.0, time.monotonic()
        self._durations = Durations()
        self._durations.read(root / "benchmarks", [job.record for job in jobs.values()])
        screen.write(f"{self._plan(there)}\n")
        self._stopped = threading.Event()
        self._refreshing = threading.Thread(target=self._refresh, daemon=True)
        if screen.live:
            self._refreshing.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take in an event of Snakemake's."""
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
                # by its own clock: on a cluster a job may have waited for a node
                own = run_seconds(self._root / "benchmarks" / f"{job.record}.jsonl")
                seconds = max(own, default=seconds)
                self._durations.add(job.record, seconds)
                facts = ", ".join([duration(seconds), *_facts(self._root, job.product)])
                line = "; ".join(filter(None, [f"{job.text} ({facts})", self._left()]))
                self._screen.write(f"{self._count()} {line}\n")
                self._screen.flush()

    def close(self) -> None:
        """Take the status line away."""
        self._stopped.set()
        if self._refreshing.is_alive():
            self._refreshing.join()  # else it could draw the line again, behind what is said last
        self._screen.write("")
        self._screen.flush()
        super().close()

    def _end(self, number: int) -> float:
        """Seconds of a job that ended."""
        seconds = time.monotonic() - self._running.pop(number, time.monotonic())
        self._busy += seconds
        return seconds

    def _count(self) -> str:
        width = len(str(len(self._jobs)))
        return f"[{self._done:{width}}/{len(self._jobs)}]"

    def _plan(self, there: Collection[str]) -> str:
        """What will be made, and what is there."""
        new = {_thing(job.product) for job in self._jobs.values()}
        old = {_thing(product) for product in there} - new
        counts = {kind: (_of(kind, new), _of(kind, old)) for kind in NOUNS}
        parts = [
            f"{made} of {made + kept} {NOUNS[kind]}"
            for kind, (made, kept) in counts.items()
            if made + kept
        ]
        made = f": {', '.join(parts)} to make" if parts else ""
        rest = "; the rest is there and stays" if there else ""
        return f"{self._root.name}, {len(self._jobs)} jobs{made}{rest}"

    def _left(self) -> str:
        """The time left in words; empty while nothing is known."""
        now = time.monotonic()
        runtime = [(self._jobs[n].record, now - at) for n, at in list(self._running.items())
                   if n in self._jobs]  # fmt: skip
        waiting = [job.record for job in list(self._waiting.values())]
        if not self._done or not (runtime or waiting):
            return ""
        busy = self._busy + sum(spent for _, spent in runtime)
        parallel = busy / max(now - self._started, 1e-9)
        seconds, complete = self._durations.left(waiting, runtime, parallel)
        if complete and seconds < 1:
            return "almost done"
        if not complete and seconds < 60:
            return ""
        return f"{'about' if complete else 'more than'} {duration(seconds)} left"

    def _refresh(self) -> None:
        """Keep the status line up to date until the run ends."""
        while not self._stopped.wait(REFRESH_SECONDS):
            self._screen.show(self._status())

    def _status(self) -> str:
        """The count, the time left, and how far the jobs in work are: several take turns.

        Empty when all is done: the run has nothing to wait for, and its last words come next.
        """
        runtime = [n for n in list(self._running) if n in self._jobs]
        if not runtime and not self._waiting:
            return ""
        text = self._count()
        if left := self._left():
            text += f" {left}"
        if runtime:
            turn = int(time.monotonic() / TURN_SECONDS) % len(runtime)
            which = f" ({turn + 1} of {len(runtime)})" if len(runtime) > 1 else ""
            text += f" | {self._state(self._jobs[runtime[turn]], which)}"
        return text

    def _state(self, job: Job, which: str) -> str:
        """How far one job is."""
        found = _record(self._root / "failures" / f"{job.product}.json").get("progress")
        if not found:
            return f"{job.text}{which}"
        progress = Progress(**found)
        return f"{job.text}{which} {bar(progress.done, progress.total)} {progress}"


def _thing(product: str) -> str:
    """What a person counts as one: a base model comes with its tokenizer."""
    kind, *place = product.split("/")
    return "/".join([kind, *(place[:1] if kind == "bases" else place)])


def _of(kind: str, products: Collection[str]) -> int:
    return sum(product.partition("/")[0] == kind for product in products)


def _record(path: Path) -> dict[str, Any]:
    try:
        return dict(read_json(path))
    except (UserError, OSError):
        return {}  # not yet, no more, or just being replaced


def _facts(root: Path, product: str) -> list[str]:
    """What a finished stage is known by."""
    if product.partition("/")[0] not in TRAINED:
        return []
    facts = facts_of(root / product / "manifest.json")
    found = [f"loss {facts['final_loss']:.2f}"] if "final_loss" in facts else []
    return found + ([f"dev {facts['dev_score']:.1f}"] if facts.get("dev_score") is not None else [])
