"""One tag per line, a blank line between sentences, without the tokens: PAN-X and POS."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.files import write_text
from xstilts.metrics.chunks import chunk_scores
from xstilts.submission.formats.examples import Examples
from xstilts.submission.formats.labels import check_labels
from xstilts.submission.text import not_by_id, stripped_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xstilts.submission.benchmarks import TaskSpec
    from xstilts.submission.text import Missing

SUFFIX = "tsv"


def read(labels: Path, predictions: Path, spec: TaskSpec, missing: Missing) -> Examples:
    """The sentences of two files; each surplus blank line is a sentence without tokens.

    Raises:
        UserError: not as many predicted sentences as gold ones, not as many tags in one of them
            (the official script does not notice, and scores every later chunk wrong), or an
            unknown tag.
    """
    lines = {path: stripped_lines(path) for path in (labels, predictions)}
    (gold, gold_starts), (predicted, starts) = (_sentences(found) for found in lines.values())
    sentences = zip(gold, predicted, gold_starts, starts, strict=False)
    for number, (right, tags, gold_line, line) in enumerate(sentences, start=1):
        if len(right) != len(tags):
            raise UserError(
                f"{predictions}:{line}: sentence {number} has {len(tags)} predicted tags, but "
                f"{len(right)} tokens ({labels}:{gold_line}). Each token needs one tag, and each "
                f"sentence a blank line after it.{not_by_id(missing)}"
            )
    if len(gold) != len(predicted):
        raise UserError(
            f"{predictions}: {len(predicted)} sentences, but {labels} has {len(gold)}. One of the "
            f"files was truncated, or has blank lines at its end.{not_by_id(missing)}"
        )
    known = ("", *spec.labels)
    if set(lines[labels]) & set(spec.labels):
        check_labels(labels, lines[labels], known)
    check_labels(predictions, lines[predictions], known)
    return Examples(gold=gold, predictions=predicted)


def _sentences(lines: Sequence[str]) -> tuple[list[list[str]], list[int]]:
    """Tags of each sentence, and the number of each sentence's first line."""
    sentences: list[list[str]] = []
    starts: list[int] = []
    start = 0
    for index, line in enumerate(lines):
        if not line:
            sentences.append(list(lines[start:index]))
            starts.append(start + 1)
            start = index + 1
    if start < len(lines):
        sentences.append(list(lines[start:]))
        starts.append(start + 1)
    return sentences, starts


def score(examples: Examples, spec: TaskSpec, language: str) -> dict[str, float]:
    """``f1``, ``precision`` and ``recall`` of chunks, 0-100."""
    scores = chunk_scores(examples.gold, examples.predictions)
    return {"f1": scores.f1, "precision": scores.precision, "recall": scores.recall}


def trivial_baselines(examples: Examples, spec: TaskSpec) -> dict[str, float]:
    """F1 of the most frequent gold tag on every token."""
    ((tag, _),) = Counter(units(examples.gold)).most_common(1)
    constant = [[tag] * len(sentence) for sentence in examples.gold]
    return {"majority": chunk_scores(examples.gold, constant).f1}


def units(answers: Sequence[Sequence[str]]) -> Sequence[str]:
    """The tags of all sentences."""
    return list(chain.from_iterable(answers))


def write(examples: Examples, labels: Path, predictions: Path) -> None:
    """Write both files, in the order of the examples."""
    for path, sentences in ((labels, examples.gold), (predictions, examples.predictions)):
        write_text(path, "\n".join("".join(f"{tag}\n" for tag in tags) for tags in sentences))
