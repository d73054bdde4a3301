"""Chunk precision, recall and F1 by the rules of seqeval 0.0.12, and token accuracy.

The benchmark's published numbers need exactly this version's rules, for entity tags (BIO) and for
part-of-speech tags, which have no prefix: a tag's first letter is read as its position in the
chunk and what follows the last hyphen as its type. So a run of equal part-of-speech tags is one
chunk, tags that begin with S (``SYM``, ``SCONJ``) are chunks of one token, and seqeval 1.x, which
takes the type from the second letter on, gives other numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Chunk = tuple[str, int, int]
"""Type, first and last token of a chunk, counted over the corpus."""

_OUTSIDE = "O"
# (position of the previous token, position of this one) between which a chunk always ends, ...
_ENDS = {("B", "B"), ("B", "S"), ("B", "O"), ("I", "B"), ("I", "S"), ("I", "O")}
# ... and those where one starts
_STARTS = {("E", "E"), ("E", "I"), ("S", "E"), ("S", "I"), ("O", "E"), ("O", "I")}
# positions that a change of type neither ends nor starts
_NO_TYPE = {"O", "."}


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkScores:
    """Scores over all chunks of a corpus, 0-100."""

    f1: float
    precision: float
    recall: float


def _chunks(tags: Sequence[str]) -> Iterator[Chunk]:
    """The chunks of a flat sequence of tags, by seqeval's lenient rules."""
    before, type_before, first = _OUTSIDE, "", 0
    for index, tag in enumerate([*tags, _OUTSIDE]):
        position, chunk_type = tag[0], tag.rsplit("-", 1)[-1]
        other = chunk_type != type_before
        if before in "ES" or (before, position) in _ENDS or (other and before not in _NO_TYPE):
            yield type_before, first, index - 1
        if (
            position in "BS"
            or (before, position) in _STARTS
            or (other and position not in _NO_TYPE)
        ):
            first = index
        before, type_before = position, chunk_type


def corpus_chunks(sentences: Sequence[Sequence[str]]) -> set[Chunk]:
    """The chunks of a corpus; an ``O`` after each sentence keeps chunks inside sentences."""
    return set(_chunks([tag for sentence in sentences for tag in (*sentence, _OUTSIDE)]))


def chunk_scores(
    gold: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]]
) -> ChunkScores:
    """Precision, recall and F1 of chunks with the right type and both ends, over all types.

    Without gold or predicted chunks the scores that cannot be computed are 0.

    Args:
        gold: non-empty tags of each sentence.
        predictions: predicted tags; each sentence as long as its gold one, else later chunks
            would be shifted.

    Source: seqeval 0.0.12 ``metrics/sequence_labeling.py`` (``average="micro"``).
    """
    right, predicted = corpus_chunks(gold), corpus_chunks(predictions)
    shared = len(right & predicted)
    precision = shared / len(predicted) if predicted else 0.0
    recall = shared / len(right) if right else 0.0
    f1 = 2 * precision * recall / (precision + recall) if shared else 0.0
    return ChunkScores(f1=100.0 * f1, precision=100.0 * precision, recall=100.0 * recall)


def token_accuracy(gold: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]]) -> float:
    """Share of tokens with the right tag, 0-100: an extra, not the benchmark's metric.

    Args:
        gold: tags of each sentence; at least one token in all.
        predictions: predicted tags; each sentence as long as its gold one.
    """
    right = total = 0
    for tags, predicted in zip(gold, predictions, strict=True):
        right += sum(g == p for g, p in zip(tags, predicted, strict=True))
        total += len(tags)
    return 100.0 * right / total
