"""One label per line: XNLI and PAWS-X."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xstilts.errors import UserError, unknown
from xstilts.files import write_text
from xstilts.metrics.accuracy import accuracy
from xstilts.submission.formats.examples import Examples
from xstilts.submission.text import not_by_id, stripped_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xstilts.submission.benchmarks import TaskSpec
    from xstilts.submission.text import Missing

SUFFIX = "tsv"


def read(labels: Path, predictions: Path, spec: TaskSpec, missing: Missing) -> Examples:
    """The labels of two files, line by line.

    Gold labels none of which belongs to the task are placeholders, left to the sanity checks.

    Raises:
        UserError: not as many predictions as labels, an empty line, or an unknown label.
    """
    gold, predicted = stripped_lines(labels), stripped_lines(predictions)
    check_count(labels, predictions, len(gold), len(predicted), missing)
    if set(gold) & set(spec.labels):
        check_labels(labels, gold, spec.labels)
    check_labels(predictions, predicted, spec.labels)
    return Examples(gold=gold, predictions=predicted)


def check_count(
    labels: Path, predictions: Path, gold: int, predicted: int, missing: Missing
) -> None:
    """Raise a UserError unless both files have the same number of lines."""
    if gold != predicted:
        shorter, line = (predictions, predicted) if predicted < gold else (labels, gold)
        raise UserError(
            f"{predictions}: {predicted} predictions, but {labels} has {gold} lines; "
            f"{shorter}:{line} is the last line of the shorter file. Each line needs one "
            f"prediction (a blank line at the end counts as a line).{not_by_id(missing)}"
        )


def check_labels(path: Path, found: Sequence[str], known: Sequence[str]) -> None:
    """Raise a UserError that names the first line whose label is not known."""
    if odd := set(found).difference(known):
        line = next(number for number, label in enumerate(found, start=1) if label in odd)
        if not found[line - 1]:
            raise UserError(
                f"{path}:{line}: empty line. The official script reads it as a label; remove the "
                "line, or write one of " + ", ".join(known) + "."
            )
        raise unknown("label", found[line - 1], known, f"{path}:{line}")


def score(examples: Examples, spec: TaskSpec, language: str) -> dict[str, float]:
    """``accuracy``, 0-100."""
    return {"accuracy": accuracy(examples.gold, examples.predictions)}


def trivial_baselines(examples: Examples, spec: TaskSpec) -> dict[str, float]:
    """Accuracy of guessing, and of the most frequent gold label."""
    ((_, most),) = Counter(examples.gold).most_common(1)
    return {"chance": 100.0 / len(spec.labels), "majority": 100.0 * most / len(examples.gold)}


def units(answers: Sequence[str]) -> Sequence[str]:
    """The labels."""
    return answers


def write(examples: Examples, labels: Path, predictions: Path) -> None:
    """Write both files, in the order of the examples."""
    write_text(labels, "".join(f"{label}\n" for label in examples.gold))
    write_text(predictions, "".join(f"{label}\n" for label in examples.predictions))
