"""One ``{"label": 0}`` or ``{"label": 1}`` per line: XCOPA."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.files import write_text
from xstilts.submission.formats.examples import Examples
from xstilts.submission.formats.labels import (
    check_count,
    check_labels,
    score,
    trivial_baselines,
    units,
)
from xstilts.submission.text import stripped_lines

if TYPE_CHECKING:
    from pathlib import Path

    from xstilts.submission.benchmarks import TaskSpec
    from xstilts.submission.text import Missing

__all__ = ["SUFFIX", "read", "score", "trivial_baselines", "units", "write"]

SUFFIX = "jsonl"


def read(labels: Path, predictions: Path, spec: TaskSpec, missing: Missing) -> Examples:
    """The chosen alternatives of two files, line by line, as text.

    Raises:
        UserError: not as many predictions as labels, a line that is not a JSON object with a label,
            or an unknown label.
    """
    gold, predicted = _choices(labels), _choices(predictions)
    check_count(labels, predictions, len(gold), len(predicted), missing)
    if set(gold) & set(spec.labels):
        check_labels(labels, gold, spec.labels)
    check_labels(predictions, predicted, spec.labels)
    return Examples(gold=gold, predictions=predicted)


def _choices(path: Path) -> list[str]:
    found = []
    for number, line in enumerate(stripped_lines(path), start=1):
        try:
            label = json.loads(line)["label"]
        except (json.JSONDecodeError, KeyError, TypeError):
            raise UserError(
                f"{path}:{number}: {line!r:.60} is not a JSON object with a label. Write one "
                '{"label": 0} or {"label": 1} per line.'
            ) from None
        # the official script compares numbers: "1", 1.0 and true are not what it expects
        found.append(str(label) if type(label) is int else repr(label))
    return found


def write(examples: Examples, labels: Path, predictions: Path) -> None:
    """Write both files, in the order of the examples."""
    for path, choices in ((labels, examples.gold), (predictions, examples.predictions)):
        write_text(path, "".join(f'{{"label": {choice}}}\n' for choice in choices))
