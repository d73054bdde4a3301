"""Renders the scores of a submission as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from statistics import fmean
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xstilts.submission.score import Scores, TaskScores

PER_LINE = 8
"""Number of languages per line of the text."""


def as_json(scores: Scores) -> dict[str, Any]:
    """The official script's dictionaries ``overall`` and ``tasks``; the rest under ``xstilts``."""
    tasks = {}
    for task, found in scores.tasks.items():
        # a mean over some of the languages must not be mistaken for the official one
        tasks[task] = {**found.metrics, **({} if found.missing else found.averages())}
    return {
        "overall": scores.overall(),
        "tasks": tasks,
        "xstilts": {
            "benchmark": scores.benchmark.name,
            "missing_tasks": scores.missing_tasks,
            "missing_languages": {
                task: found.missing for task, found in scores.tasks.items() if found.missing
            },
            "unanswered": {
                task: found.unanswered for task, found in scores.tasks.items() if found.unanswered
            },
            "trivial_baselines": {
                task: {
                    **found.trivial_baselines,
                    **{f"avg_{n}": fmean(v.values()) for n, v in found.trivial_baselines.items()},
                }
                for task, found in scores.tasks.items()
                if found.trivial_baselines
            },
            "warnings": [asdict(warning) for warning in scores.warnings],
        },
    }


def as_text(scores: Scores) -> Iterator[str]:
    """Yield lines: overall and group scores, one per task, the languages of each, warnings."""
    overall = scores.overall()
    for name in ("all_task", *scores.benchmark.groups) if scores.benchmark.groups else ():
        yield f"{name:<16}{overall[name]:8.2f}" if name in overall else f"{name:<16}       -"
    yield ""
    yield f"{'task':<10}{'score':>8}{'chance':>8}{'majority':>10}  means over languages"
    for task, found in scores.tasks.items():
        yield _task_line(task, found)
    for task, reason in scores.missing_tasks.items():
        yield f"{task:<10}{'missing':>8}  {reason}"
    for task, found in scores.tasks.items():
        for metric, values in found.metrics.items():
            yield f"\n{task} {metric}"
            cells = [f"{language:>5} {value:6.2f}" for language, value in values.items()]
            for start in range(0, len(cells), PER_LINE):
                yield "".join(cells[start : start + PER_LINE])
    if scores.warnings:
        yield "\nWarnings:"
        for warning in scores.warnings:
            yield f"  {warning.task} {warning.language}: {warning.message}"


def _task_line(task: str, found: TaskScores) -> str:
    averages = found.averages()
    headline = averages.pop("avg_metric")
    shown = f"{'-':>8}" if found.missing else f"{headline:8.2f}"
    for name, width in (("chance", 8), ("majority", 10)):
        values = found.trivial_baselines.get(name)
        shown += f"{fmean(values.values()):{width}.2f}" if values else f"{'-':>{width}}"
    metrics = ", ".join(f"{k.removeprefix('avg_')} {v:.2f}" for k, v in averages.items())
    languages = len(next(iter(found.metrics.values())))
    part = f" of {languages + len(found.missing)}" if found.missing else ""
    return f"{task:<10}{shown}  {metrics}; {languages}{part} languages"
