"""Submissions of a study: the predictions that fit XTREME's layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xstilts.chains import chain_label
from xstilts.fingerprint import fingerprint
from xstilts.submission.benchmarks import SPECS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xstilts.grid.grid import Grid

KINDS: Mapping[str, str] = {
    "labels": "classification",
    "choices": "multiple_choice",
    "tags": "tagging",
    "answers": "span",
    "answers_mlqa": "span",
    "line_numbers": "retrieval",
    "pairs": "mining",
    "entities": "ranking",
}
"""Format to the task kind whose predictions it can hold."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One submission: the predictions of one base model, seed and chain."""

    base: str
    seed: int
    chain: str


def submitted_targets(grid: Grid) -> dict[str, str]:
    """Return, for each task, the target whose predictions are submitted.

    It is evaluated on the test split; of several, the one with the task's name, else the first.
    """
    found: dict[str, str] = {}
    for name, node in grid.targets.items():
        task = node.task
        in_layout = task.name in SPECS and KINDS.get(SPECS[task.name].format) == task.kind
        if in_layout and node.split == "test" and (task.name not in found or name == task.name):
            found[task.name] = name
    return found


def all_submissions(grid: Grid) -> list[Submission]:
    """Return all submissions of a study; none if no target is part of the layout."""
    if not submitted_targets(grid):
        return []
    cells = (Submission(cell.base, cell.seed, chain_label(cell.stages)) for cell in grid.cells())
    return list(dict.fromkeys(cells))


def manifest(grid: Grid, submission: Submission) -> str:
    """Return the manifest of a submission, next to ``labels`` and ``predictions``."""
    return grid.paths.submission(submission.base, submission.seed, grid.stages_of(submission.chain))


def manifests(grid: Grid) -> list[str]:
    """Return the manifests of all submissions."""
    return [manifest(grid, submission) for submission in all_submissions(grid)]


def prediction_files(grid: Grid, submission: Submission) -> dict[str, dict[str, str]]:
    """Return the workflow's prediction files by task and language."""
    base, seed, stages = submission.base, submission.seed, grid.stages_of(submission.chain)
    return {
        task: {
            language: grid.paths.prediction(base, seed, stages, target, language)
            for language in grid.targets[target].languages
        }
        for task, target in submitted_targets(grid).items()
    }


def candidate_data(grid: Grid) -> dict[str, dict[str, str]]:
    """Return the data manifests with the order of retrieval candidates, by task and language."""
    nodes = {task: grid.targets[target] for task, target in submitted_targets(grid).items()}
    return {
        task: {language: grid.paths.data(task, language, node.split) for language in node.languages}
        for task, node in nodes.items()
        if node.task.kind == "retrieval"
    }


def identity(grid: Grid) -> dict[str, Any]:
    """Return the identity of a study's submissions, without predictions."""
    tasks = submitted_targets(grid)
    return {
        "targets": {
            task: {
                "target": target,
                "kind": grid.targets[target].task.kind,
                "languages": list(grid.targets[target].languages),
            }
            for task, target in tasks.items()
        },
        "protocol": grid.protocol,
        "depths": {
            task: depth
            for task, target in tasks.items()
            if (depth := grid.depth(target)) is not None
        },
        "code": fingerprint(
            ["submission", *sorted({f"format/{SPECS[task].format}" for task in tasks})]
        ),
    }
