"""The files of a submission: ``FOLDER/TASK/test-LANGUAGE.EXTENSION``."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError, suggestion
from xstilts.features import load
from xstilts.submission.benchmarks import SPECS, Benchmark

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def format_of(task: str) -> Any:
    """The module that reads and scores a task's files."""
    return load("format", SPECS[task].format)


def file_of(folder: Path, task: str, language: str) -> Path:
    """The file of a task in a language."""
    return folder / task / f"test-{language}.{format_of(task).SUFFIX}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The part of a benchmark that two folders contain."""

    tasks: dict[str, list[str]]
    """Languages to score by task."""
    missing_tasks: dict[str, str]
    """Reason why a task cannot be scored, by task."""
    missing_languages: dict[str, list[str]]
    """Languages without a file by task; empty unless files may be missing."""


def find(labels: Path, predictions: Path, benchmark: Benchmark, *, partial: bool) -> Found:
    """The tasks and languages of a benchmark that are in both folders.

    Args:
        labels: folder with the gold labels.
        predictions: folder with the predictions of one model.
        benchmark: the tasks and languages to find.
        partial: True to accept a task of which some languages lack a file.

    Raises:
        UserError: a folder is missing or not in the layout, no task is in both, or a file is
            missing.
    """
    in_labels, in_predictions = task_folders(labels), task_folders(predictions)
    tasks, missing, incomplete = {}, {}, {}
    for task, languages in benchmark.tasks.items():
        lacking = [
            noun
            for noun, names in (("labels", in_labels), ("predictions", in_predictions))
            if task not in names
        ]
        if lacking:
            missing[task] = f"no {' and no '.join(lacking)}"
            continue
        absent = {
            language: file
            for language in languages
            for folder in (labels, predictions)
            if not (file := file_of(folder, task, language)).is_file()
        }
        if absent and not partial:
            raise _no_file(next(iter(absent.values())), task, languages, len(absent))
        tasks[task] = [language for language in languages if language not in absent]
        if absent:
            incomplete[task] = list(absent)
            missing[task] = f"no files of {', '.join(absent)}"
    if not any(tasks.values()):
        raise UserError(
            f"{predictions}: it has no task of {benchmark.name} in common with {labels}. "
            f"Predictions: {', '.join(sorted(in_predictions))}; labels: "
            f"{', '.join(sorted(in_labels))}. "
            f"The tasks are {', '.join(benchmark.tasks)}; the labels' folder comes first."
        )
    return Found(
        tasks={task: found for task, found in tasks.items() if found},
        missing_tasks=missing,
        missing_languages=incomplete,
    )


def task_folders(folder: Path) -> set[str]:
    """Names of the tasks' folders in a folder of labels or predictions.

    Raises:
        UserError: there is no such folder, it has no folders of tasks, or one of another name
            (the official script would not see it).
    """
    if not folder.is_dir():
        siblings = _names(folder.parent) if folder.parent.is_dir() else set()
        close = difflib.get_close_matches(folder.name, siblings, n=1, cutoff=0.5)
        hint = f" Did you mean {folder.parent / close[0]}?" if close else ""
        raise UserError(f"{folder}: no such folder.{hint}")
    names = _names(folder)
    if not names & set(SPECS):
        below = sorted(name for name in names if _names(folder / name) & set(SPECS))
        hint = f" Did you mean {folder / below[0]}?" if below else ""
        raise UserError(
            f"{folder}: no folder of a task in it.{hint} The layout is TASK/test-LANGUAGE.tsv (or "
            f".json, .jsonl); tasks: {', '.join(sorted(SPECS))}. Found: "
            f"{', '.join(sorted(names)) or '(no folders)'}."
        )
    if odd := sorted(names - set(SPECS)):
        raise UserError(
            f"{folder / odd[0]}: the layout has no task of this name."
            f"{suggestion(odd[0], SPECS)} Rename or move the folder."
        )
    return names


def _names(folder: Path) -> set[str]:
    """Names of the folders in a folder, except hidden ones."""
    return {path.name for path in folder.iterdir() if path.is_dir() and path.name[0] != "."}


def _no_file(file: Path, task: str, languages: Sequence[str], absent: int) -> UserError:
    known = {file_of(file.parents[1], task, language).name for language in languages}
    others = sorted({path.name for path in file.parent.iterdir()} - known)
    close = difflib.get_close_matches(file.name, others, n=1, cutoff=0.6)
    hint = f" Did you mean {close[0]} to be it?" if close else ""
    return UserError(
        f"{file}: no such file; {absent} of the {len(languages)} languages of {task} lack one."
        f"{hint} Add it, or give --partial to score the existing languages."
    )


def detect_benchmark(folder: Path) -> Benchmark:
    """Return a benchmark of the tasks and languages that have files in a folder, without groups.

    Raises:
        UserError: as :func:`task_folders`.
    """
    tasks = {}
    for task in (name for name in SPECS if name in task_folders(folder)):
        files: Iterable[Path] = sorted((folder / task).glob(f"test-*.{format_of(task).SUFFIX}"))
        languages = tuple(file.stem.removeprefix("test-") for file in files)
        if languages:
            tasks[task] = languages
    return Benchmark(name="found", tasks=tasks)
