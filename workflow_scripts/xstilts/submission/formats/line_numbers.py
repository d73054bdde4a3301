"""One line number per line: Tatoeba.

Line n belongs to the n-th English sentence in sorted order; the number is that of its translation
in the other language's file, from 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.metrics.top1 import top1_accuracy
from xstilts.submission.formats.examples import Examples
from xstilts.submission.formats.labels import check_count, units, write
from xstilts.submission.text import stripped_lines

if TYPE_CHECKING:
    from pathlib import Path

    from xstilts.submission.benchmarks import TaskSpec
    from xstilts.submission.text import Missing

__all__ = ["SUFFIX", "read", "score", "trivial_baselines", "units", "write"]

SUFFIX = "tsv"


def read(labels: Path, predictions: Path, spec: TaskSpec, missing: Missing) -> Examples:
    """The line numbers of two files, line by line.

    Raises:
        UserError: not as many predictions as labels, or a line that is not a line number.
    """
    gold, predicted = stripped_lines(labels), stripped_lines(predictions)
    check_count(labels, predictions, len(gold), len(predicted), missing)
    for path, numbers in ((labels, gold), (predictions, predicted)):
        for line, text in enumerate(numbers, start=1):
            if not (text.isascii() and text.isdecimal() and str(int(text)) == text):
                raise UserError(
                    f"{path}:{line}: {text!r} is not a line number. Write plain decimal digits, "
                    "counted from 0 (the released script prints arrays: write 80, not [80])."
                )
    return Examples(gold=gold, predictions=predicted)


def score(examples: Examples, spec: TaskSpec, language: str) -> dict[str, float]:
    """``accuracy``, 0-100."""
    return {"accuracy": top1_accuracy([{line} for line in examples.gold], examples.predictions)}


def trivial_baselines(examples: Examples, spec: TaskSpec) -> dict[str, float]:
    """Accuracy of guessing among as many candidates as queries."""
    return {"chance": 100.0 / len(examples.gold)}
