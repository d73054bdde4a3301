"""Chunk precision, recall and F1 by the rules of seqeval 0.0.12, and token accuracy.

The benchmark's published numbers require exactly this version's rules, for entity tags (BIO) and
for part-of-speech tags, which have no prefix: a tag's first letter is read as its position in the
chunk, the text after the last hyphen as its type. So a run of equal part-of-speech tags is one
chunk, tags that begin with S (``SYM``, ``SCONJ``) are chunks of one token, and seqeval 1.x, which
reads the type from the second letter on, gives other numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

Chunk = tuple[str, int, int]
"""Type, first and last token of a chunk, counted over the corpus."""

_OUTSIDE = "O"
_START = ""
"""The tag before the first one of a corpus: outside, without a type."""
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


def _flat(sentences: Sequence[Sequence[str]]) -> list[str]:
    """The tags of a corpus; an ``O`` after each sentence keeps chunks inside sentences."""
    return [tag for sentence in sentences for tag in (*sentence, _OUTSIDE)]


def _boundary(tag_before: str, tag: str) -> tuple[bool, bool]:
    """(a chunk ends, a chunk starts) between two tags, by seqeval's lenient rules."""
    before, position = (tag_before or _OUTSIDE)[0], (tag or _OUTSIDE)[0]
    other = _type(tag_before) != _type(tag)
    ends = before in "ES" or (before, position) in _ENDS or (other and before not in _NO_TYPE)
    starts = (
        position in "BS" or (before, position) in _STARTS or (other and position not in _NO_TYPE)
    )
    return ends, starts


def _type(tag: str) -> str:
    return tag.rsplit("-", 1)[-1]


@dataclass(frozen=True, slots=True)
class _Chunks:
    """The chunks of a flat sequence of N tags, indexed by the boundary before each tag.

    Arrays instead of one Python object per chunk: a benchmark has millions of tags.
    """

    ends_N: npt.NDArray[np.bool_]
    """True if a chunk ends before tag n; its last tag is n - 1, so at most one ends there."""
    first_N: npt.NDArray[np.int64]
    """First tag of the chunk that ends there."""
    last_N: npt.NDArray[np.int64]
    """Its last tag, as an index into ``names``."""


def _find(flat: Sequence[str], names: Sequence[str]) -> _Chunks:
    """The chunks of a flat sequence of tags that ends in ``O``.

    Args:
        flat: the tags.
        names: all tags that occur, and the start tag, each once.
    """
    number = {name: index for index, name in enumerate(names)}
    tags_N = np.fromiter(map(number.__getitem__, [_START, *flat]), np.int64, len(flat) + 1)
    table = np.array([[_boundary(before, tag) for tag in names] for before in names])
    boundary_N2 = table[tags_N[:-1], tags_N[1:]]
    index_N = np.arange(len(flat))
    start_N = np.maximum.accumulate(np.where(boundary_N2[:, 1], index_N, 0))
    first_N = np.concatenate([[0], start_N[:-1]])
    return _Chunks(boundary_N2[:, 0], first_N, tags_N[:-1])


def corpus_chunks(sentences: Sequence[Sequence[str]]) -> set[Chunk]:
    """The chunks of a corpus: their types, and their tokens counted over all sentences.

    An end of sentence counts as one token.
    """
    flat = [*_flat(sentences), _OUTSIDE]
    names = _names(flat)
    found = _find(flat, names)
    return {
        (_type(names[found.last_N[end]]), int(found.first_N[end]), int(end) - 1)
        for end in np.flatnonzero(found.ends_N)
    }


def _names(*flats: Sequence[str]) -> list[str]:
    return [_START, *sorted(set().union(*flats))]


def chunk_scores(
    gold: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]]
) -> ChunkScores:
    """Precision, recall and F1 of chunks with the right type and both ends, over all types.

    Scores that cannot be computed without gold or predicted chunks are 0.

    Args:
        gold: non-empty tags of each sentence.
        predictions: predicted tags; each sentence has the length of its gold one, else later
            chunks would be shifted.

    Raises:
        ValueError: gold and predictions differ in their number of tokens.

    Source: seqeval 0.0.12 ``metrics/sequence_labeling.py`` (``average="micro"``).
    """
    flat_gold, flat_predictions = _flat(gold), _flat(predictions)
    names = _names(flat_gold, flat_predictions)
    right, found = _find(flat_gold, names), _find(flat_predictions, names)
    # chunks are compared by type: B-PER and I-PER are equal
    kinds: dict[str, int] = {}
    type_of = np.array([kinds.setdefault(_type(name), len(kinds)) for name in names])
    both_N = right.ends_N & found.ends_N & (right.first_N == found.first_N)
    shared = int((both_N & (type_of[right.last_N] == type_of[found.last_N])).sum())
    num_gold, num_predicted = int(right.ends_N.sum()), int(found.ends_N.sum())
    precision = shared / num_predicted if num_predicted else 0.0
    recall = shared / num_gold if num_gold else 0.0
    f1 = 2 * precision * recall / (precision + recall) if shared else 0.0
    return ChunkScores(f1=100.0 * f1, precision=100.0 * precision, recall=100.0 * recall)


def token_accuracy(gold: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]]) -> float:
    """Share of tokens with the right tag, 0-100: an extra, not the benchmark's metric.

    Args:
        gold: tags of each sentence; at least one token in all.
        predictions: predicted tags; each sentence has the length of its gold one.
    """
    right = total = 0
    for tags, predicted in zip(gold, predictions, strict=True):
        right += sum(g == p for g, p in zip(tags, predicted, strict=True))
        total += len(tags)
    return 100.0 * right / total
