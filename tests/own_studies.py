"""A study that declares a task, and its files."""

from __future__ import annotations

import csv
import textwrap
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TOPICS: dict[str, Any] = {
    "kind": "classification",
    "files": {"train": "my/{language}/train.csv", "test": "my/{language}/test.csv"},
    "columns": {"text": "headline", "label": "topic"},
    "labels": ["politics", "sport"],
    "languages": ["en", "sw"],
}
"""A task of one's own, as the study file has it."""

STUDY = """\
study: own
seeds: [1]
bases:
  mini: {path: model}
strategies:
  none: []
targets:
  my_topics: {}
tasks:
  my_topics:
"""
"""A study in which the declaration begins in line 11."""


def study_text(declaration: str | Mapping[str, Any]) -> str:
    """The study with a declaration of ``my_topics``, from YAML or a mapping."""
    if not isinstance(declaration, str):
        declaration = yaml.safe_dump(dict(declaration), sort_keys=False, width=1000)
    return STUDY + textwrap.indent(declaration, "    ")


def write_topics(
    folder: Path, *, languages: tuple[str, ...] = ("en", "sw"), rows: int = 12
) -> None:
    """Write the CSV files of :data:`TOPICS` below ``my/``."""
    words = {"en": ("The vote", "The match"), "sw": ("Kura", "Mechi")}
    for language in languages:
        for split in ("train", "test"):
            file = folder / "my" / language / f"{split}.csv"
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("w", newline="", encoding="utf-8") as out:
                writer = csv.writer(out)
                writer.writerow(["topic", "headline"])
                for number in range(rows):
                    text = f'{words[language][number % 2]} number {number},\nsays "{split}"'
                    writer.writerow([("politics", "sport")[number % 2], text])
