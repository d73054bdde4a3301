"""The scores of a submission: per language, task, group, and over all tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.submission.benchmarks import LINE_FORMATS, SPECS, Benchmark
from xstilts.submission.checks import doubts
from xstilts.submission.layout import file_of, find, format_of
from xstilts.submission.text import not_by_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xstilts.submission.text import Missing

ByLanguage = dict[str, float]
"""Value (0-100) by language."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskScores:
    """The scores of one task."""

    metrics: dict[str, ByLanguage] = field(default_factory=dict)
    """By official name, in the order of the official script."""
    trivial_baselines: dict[str, ByLanguage] = field(default_factory=dict)
    """``chance`` and ``majority`` in the first metric, if defined."""
    missing: list[str]
    """Languages of the benchmark without files; a task with missing ones gets no average."""
    unanswered: dict[str, int] = field(default_factory=dict)
    """Number of examples without a prediction by language, which count as wrong."""

    def averages(self) -> dict[str, float]:
        """``avg_METRIC`` of each metric, and the task's own ``avg_metric``."""
        means = {f"avg_{name}": fmean(values.values()) for name, values in self.metrics.items()}
        return means | {"avg_metric": _headline(means)}


def _headline(means: Mapping[str, float]) -> float:
    """A task's score: its main metric, averaged over languages."""
    if "avg_exact_match" in means:
        return (means["avg_exact_match"] + means["avg_f1"]) / 2
    for name in ("avg_f1", "avg_accuracy", "avg_map@20"):
        if name in means:
            return means[name]
    raise AssertionError(f"no headline metric among {sorted(means)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Warned:
    """A reason not to trust the score of one task in one language."""

    task: str
    language: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """All scores of a submission."""

    benchmark: Benchmark
    tasks: dict[str, TaskScores]
    missing_tasks: dict[str, str]
    """Reason why a task counts as missing, by task."""
    warnings: list[Warned]

    def overall(self) -> dict[str, float]:
        """``all_task`` and each group, if all of its tasks were scored.

        Source: google-research/xtreme ``evaluate.py`` (``evaluate``).
        """
        means = {
            task: scores.averages()["avg_metric"]
            for task, scores in self.tasks.items()
            if not scores.missing
        }
        wanted = {"all_task": tuple(self.benchmark.tasks)} if self.benchmark.groups else {}
        return {
            name: fmean(means[task] for task in tasks)
            for name, tasks in (wanted | dict(self.benchmark.groups)).items()
            if set(tasks) <= set(means)
        }


def score_folders(
    labels: Path,
    predictions: Path,
    benchmark: Benchmark,
    *,
    partial: bool = False,
    missing: Missing = "error",
) -> Scores:
    """Score the predictions of one model by the official definitions.

    Args:
        labels: folder with the gold labels, ``TASK/test-LANGUAGE.EXTENSION``.
        predictions: folder with the predictions, in the same layout.
        benchmark: the tasks and languages to score.
        partial: True to score also a task of which some languages lack a file; it counts as
            missing in the averages.
        missing: ``wrong`` counts an example without a prediction as wrong where the official
            script does so (questions, mentions), with a warning.

    Raises:
        UserError: ``missing`` applies to no task, a folder does not follow the layout, or a file
            is missing or invalid; names file and line.
    """
    found = find(labels, predictions, benchmark, partial=partial)
    if missing == "wrong" and all(SPECS[task].format in LINE_FORMATS for task in found.tasks):
        raise UserError(f"{predictions}: {', '.join(found.tasks)}:{not_by_id(missing)}")
    warnings: list[Warned] = []
    tasks = {}
    for task, languages in found.tasks.items():
        scores = TaskScores(missing=found.missing_languages.get(task, []))
        for language in languages:
            files = (file_of(labels, task, language), file_of(predictions, task, language))
            for message in _score_language(task, language, *files, scores, missing):
                warnings.append(Warned(task=task, language=language, message=message))
        tasks[task] = scores
    return Scores(
        benchmark=benchmark, tasks=tasks, missing_tasks=found.missing_tasks, warnings=warnings
    )


def _score_language(
    task: str,
    language: str,
    labels: Path,
    predictions: Path,
    into: TaskScores,
    missing: Missing,
) -> list[str]:
    """Add the scores of one language; returns warnings about them."""
    module, spec = format_of(task), SPECS[task]
    examples = module.read(labels, predictions, spec, missing)
    try:
        values: dict[str, dict[str, Any]] = {
            "metrics": module.score(examples, spec, language),
            "trivial_baselines": module.trivial_baselines(examples, spec),
        }
    except UserError as error:
        raise UserError(f"{predictions}: {error}") from None
    for name, value in values["metrics"].items():
        into.metrics.setdefault(name, {})[language] = value
    for name, value in values["trivial_baselines"].items():
        into.trivial_baselines.setdefault(name, {})[language] = value
    messages = [*examples.warnings]
    if examples.missing:
        into.unanswered[language] = examples.missing
        messages.append(
            f"{examples.missing:,} of {examples.num_examples:,} examples have no prediction and "
            "count as wrong"
        )
    gold, predicted = module.units(examples.gold), module.units(examples.predictions)
    return [*messages, *doubts(gold, predicted, spec)]
