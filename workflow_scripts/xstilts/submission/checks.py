"""Warnings about scores that can be computed but are meaningless."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xstilts.submission.benchmarks import TaskSpec

MIN_UNITS = 10
"""Minimum number of answers for a warning; fewer may be equal by chance."""


def doubts(gold: Sequence[Any], predictions: Sequence[Any], spec: TaskSpec) -> Iterator[str]:
    """Yield one message for each reason not to trust the score of these answers.

    Args:
        gold: single gold answers (a format's ``units``).
        predictions: single predicted answers.
        spec: specification of the task.
    """
    known, found = set(spec.labels), set(gold)
    if known and not known & found:
        yield (
            f"placeholder labels: {_few(found)} instead of {', '.join(spec.labels)}; "
            "the score is meaningless"
        )
    elif len(gold) >= MIN_UNITS and len(found) == 1:
        yield (
            f"placeholder labels: all {len(gold)} are {_few(found)} (test labels are not public); "
            "the score is meaningless"
        )
    if len(predictions) >= MIN_UNITS and len(set(predictions)) == 1:
        yield f"degenerate predictions: all {len(predictions)} are {_few(set(predictions))}"


def _few(values: set[Any]) -> str:
    shown = ", ".join(repr(value) for value, _ in Counter(values).most_common(3))
    return f"{shown:.80}" + (", …" if len(values) > 3 else "")
