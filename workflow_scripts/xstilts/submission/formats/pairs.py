"""One pair of sentence ids per line: BUCC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.metrics.pairs import pair_scores
from xstilts.submission.formats.examples import Examples
from xstilts.submission.text import stripped_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xstilts.submission.benchmarks import TaskSpec

SUFFIX = "tsv"

Pair = tuple[str, ...]
"""Ids of a foreign and an English sentence."""


def read(labels: Path, predictions: Path, spec: TaskSpec) -> Examples:
    """The pairs of two files; there may be more or fewer predicted than gold ones.

    Raises:
        UserError: a line that is not a pair, or a pair of other languages than the gold ones, as
            in ``en-2<TAB>de-1``.
    """
    gold = _pairs(labels)
    languages = {_languages(pair) for pair in gold}
    predicted = _pairs(predictions)
    for line, pair in enumerate(predicted, start=1):
        if _languages(pair) not in languages:
            raise UserError(
                f"{predictions}:{line}: ids {pair[0]!r} and {pair[1]!r}, where {labels} has ids "
                f"such as {gold[0][0]!r} and {gold[0][1]!r}. The foreign sentence comes first."
            )
    warnings = [
        f"{path}: {len(pairs) - len(set(pairs))} pairs occur twice; each counts once"
        for path, pairs in ((labels, gold), (predictions, predicted))
        if len(set(pairs)) < len(pairs)
    ]
    return Examples(gold=gold, predictions=predicted, warnings=warnings)


def _pairs(path: Path) -> list[Pair]:
    pairs = [tuple(line.split("\t")) for line in stripped_lines(path)]
    for line, pair in enumerate(pairs, start=1):
        if len(pair) != 2 or not all(pair):
            raise UserError(
                f"{path}:{line}: {len(pair) if any(pair) else 0} columns. Write the ids of the "
                "foreign and of the English sentence with a tab between them."
            )
    return pairs


def _languages(pair: Pair) -> tuple[str, str]:
    return pair[0].partition("-")[0], pair[1].partition("-")[0]


def score(examples: Examples, spec: TaskSpec, language: str) -> dict[str, float]:
    """``f1``, ``precision`` and ``recall`` of the set of pairs, 0-100."""
    return pair_scores(set(examples.gold), set(examples.predictions))


def baselines(examples: Examples, spec: TaskSpec) -> dict[str, float]:
    """Nothing: the sentences that are in no pair are not in the files."""
    return {}


def units(answers: Sequence[Pair]) -> Sequence[Pair]:
    """Nothing: a pair is right or wrong by itself."""
    return []
