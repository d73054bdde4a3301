"""One pair of sentence ids per line: BUCC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.files import write_text
from xstilts.metrics.pairs import Pair, pair_scores
from xstilts.submission.formats.examples import Examples
from xstilts.submission.text import stripped_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xstilts.submission.benchmarks import TaskSpec
    from xstilts.submission.text import Missing

SUFFIX = "tsv"


def read(labels: Path, predictions: Path, spec: TaskSpec, missing: Missing) -> Examples:
    """The pairs of two files; there may be more or fewer predicted than gold ones, or none.

    Raises:
        UserError: a line that is not a pair, or a pair of other languages than the gold ones, as
            in ``en-2<TAB>de-1``.
    """
    gold = _pairs(labels)
    languages = {_languages(pair) for pair in gold}
    predicted = [] if _is_blank(predictions) else _pairs(predictions)
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
    if not predicted:
        warnings.append(f"{predictions}: no pair in it, so that precision, recall and F1 are 0")
    return Examples(gold=gold, predictions=predicted, warnings=warnings)


def _is_blank(path: Path) -> bool:
    """Return True for a file without text: a mining that found no pair."""
    try:
        return not path.read_bytes().strip()
    except OSError:
        return False  # its reader names the error


def _pairs(path: Path) -> list[Pair]:
    pairs = []
    for line, text in enumerate(stripped_lines(path), start=1):
        foreign, _, english = text.partition("\t")
        if not foreign or not english or "\t" in english:
            raise UserError(
                f"{path}:{line}: {len(text.split(chr(9))) if text else 0} columns. Write the ids "
                "of the foreign and of the English sentence with a tab between them."
            )
        pairs.append((foreign, english))
    return pairs


def _languages(pair: Pair) -> tuple[str, str]:
    return pair[0].partition("-")[0], pair[1].partition("-")[0]


def score(examples: Examples, spec: TaskSpec, language: str) -> dict[str, float]:
    """``f1``, ``precision`` and ``recall`` of the set of pairs, 0-100."""
    scores = pair_scores(examples.gold, examples.predictions)
    return {"f1": scores.f1, "precision": scores.precision, "recall": scores.recall}


def trivial_baselines(examples: Examples, spec: TaskSpec) -> dict[str, float]:
    """Empty: the files do not contain the sentences that are in no pair."""
    return {}


def units(answers: Sequence[Pair]) -> Sequence[Pair]:
    """Empty: pairs are never constant."""
    return []


def write(examples: Examples, labels: Path, predictions: Path) -> None:
    """Write both files, a pair per line."""
    for path, pairs in ((labels, examples.gold), (predictions, examples.predictions)):
        write_text(path, "".join(f"{foreign}\t{english}\n" for foreign, english in pairs))
