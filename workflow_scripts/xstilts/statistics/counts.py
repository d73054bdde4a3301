"""Contribution of each example to a metric, so that a resampled test set is scored by two sums.

Accuracy, exact match, answer F1 and average precision are means over examples, and the F1 of chunks
or pairs is ``2 TP / (predicted + gold)``: all are 100 times a ratio of two sums over examples.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from xstilts.metrics import mlqa, squad_v2
from xstilts.metrics.chunks import Chunk, corpus_chunks
from xstilts.metrics.mining import EVALUATED, TUNING
from xstilts.metrics.pairs import best_threshold
from xstilts.metrics.ranking import RANKS
from xstilts.metrics.ranks import average_precision
from xstilts.metrics.spans import exact_match, f1, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Counts:
    """Summands of one metric, by example (or cluster) of one prediction file, in order of ids."""

    ids: tuple[str, ...]
    numerator_N: npt.NDArray[np.float64]
    denominator_N: npt.NDArray[np.float64]
    sparse: bool = False
    """True if examples that contribute nothing are left out, so that files of one data set may
    differ."""

    def with_ids(self, ids: Sequence[str]) -> Counts:
        """The same counts over more examples, which contribute nothing."""
        index_of = {example: index for index, example in enumerate(ids)}
        at_N = [index_of[example] for example in self.ids]
        numerator_N, denominator_N = np.zeros(len(ids)), np.zeros(len(ids))
        numerator_N[at_N], denominator_N[at_N] = self.numerator_N, self.denominator_N
        return Counts(tuple(ids), numerator_N, denominator_N, self.sparse)

    def summed(self, names: tuple[str, ...], index_N: npt.NDArray[np.intp]) -> Counts:
        """The same counts summed over clusters.

        Args:
            names: the clusters.
            index_N: the index of each example's cluster.
        """
        numerator_G, denominator_G = (
            np.bincount(index_N, values_N, len(names)).astype(np.float64)
            for values_N in (self.numerator_N, self.denominator_N)
        )
        return Counts(names, numerator_G, denominator_G, self.sparse)

    def value(self) -> float:
        """The metric, 0-100."""
        total = float(self.denominator_N.sum())
        return 100.0 * float(self.numerator_N.sum()) / total if total else 0.0


def _counts(rows: Iterable[tuple[str, float, float]]) -> Counts:
    """Counts from (id, numerator, denominator), sorted: files of one data set then agree."""
    ids, numerators, denominators = zip(*sorted(rows), strict=True)
    return Counts(ids, np.array(numerators, np.float64), np.array(denominators, np.float64))


def _means(ids: Sequence[str], values: Iterable[float]) -> Counts:
    return _counts((example, float(value), 1.0) for example, value in zip(ids, values, strict=True))


def example_counts(
    kind: str,
    metric: str,
    predictions: pa.Table,
    *,
    scorer: str = "",
    language: str = "",
    layer: int | None = None,
) -> Counts | str:
    """Return the summands of a metric by example, or why it is not a ratio of sums over examples.

    Args:
        kind: kind of the task.
        metric: the headline metric.
        predictions: table in the kind's schema, already validated by scoring.
        scorer: the task's own metric module; empty for that of the kind.
        language: language of the predictions.
        layer: layer that the protocol prescribes, for kinds that compare sentence vectors.
    """
    columns = {name: predictions[name].to_pylist() for name in predictions.column_names}
    ids, gold, predicted = columns["id"], columns["gold"], columns["prediction"]
    if kind in ("classification", "multiple_choice") and metric == "accuracy":
        pairs = zip(gold, predicted, strict=True)
        return _means(ids, (str(g).strip() == str(p).strip() for g, p in pairs))
    if kind == "span" and metric == "mean_em_f1":
        return _means(ids, _answers(gold, predicted, scorer, language))
    if kind == "tagging" and metric == "f1":
        return _chunks(ids, gold, predicted)
    if kind == "retrieval" and metric == "accuracy":
        rows = zip(ids, columns["layer"], gold, predicted, strict=True)
        return _counts((q, float(p in g), 1.0) for q, number, g, p in rows if number == layer)
    if kind == "ranking" and metric == "map_at_20":
        pairs = zip(gold, predicted, strict=True)
        return _means(ids, (average_precision(g, p, RANKS) for g, p in pairs))
    if kind == "mining" and metric == "f1":
        return _mined(columns["part"], ids, gold, predicted, columns["score"])
    return f"{metric} is not a sum over examples"


def _answers(
    gold: Sequence[Sequence[str]], predicted: Sequence[str], scorer: str, language: str
) -> Iterable[float]:
    """Mean of exact match and F1 of each question, 0-1, by the rules of its task."""
    if scorer == "squad_v2":
        return (sum(squad_v2.best(g, p)) / 2 for g, p in zip(gold, predicted, strict=True))
    rules = partial(mlqa.normalise, language=language) if scorer == "mlqa" else normalise
    return (
        (max(exact_match(a, p, rules) for a in g) + max(f1(a, p, rules) for a in g)) / 2
        for g, p in zip(gold, predicted, strict=True)
    )


def _chunks(
    ids: Sequence[str], gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]
) -> Counts:
    """Counts by sentence: twice the right chunks over gold plus predicted chunks.

    Chunks do not cross sentences: the official script puts an ``O`` between them.
    """
    # the end of each sentence in the corpus; an end of sentence counts as one token
    ends_N = np.cumsum([len(tags) + 1 for tags in gold])

    def per_sentence(chunks: set[Chunk]) -> npt.NDArray[np.int64]:
        last = np.array([chunk[2] for chunk in chunks], np.int64)
        return np.bincount(np.searchsorted(ends_N, last, side="right"), minlength=len(ids))

    right, found = corpus_chunks(gold), corpus_chunks(predicted)
    shared_N, all_N = per_sentence(right & found), per_sentence(right) + per_sentence(found)
    return _counts(zip(ids, map(float, 2 * shared_N), map(float, all_N), strict=True))


def _mined(
    parts: Sequence[str],
    ids: Sequence[str],
    gold: Sequence[Sequence[str]],
    predicted: Sequence[str | None],
    scores: Sequence[float | None],
) -> Counts | str:
    """Counts by query at the tuned threshold: twice the right pairs over gold plus mined pairs.

    The threshold comes from other sentences, so it is fixed when the evaluated ones are resampled.
    """
    mined: dict[str, dict[tuple[str, str], float]] = {EVALUATED: {}, TUNING: {}}
    right: dict[str, set[tuple[str, str]]] = {EVALUATED: set(), TUNING: set()}
    for part, query, answers, candidate, score in zip(
        parts, ids, gold, predicted, scores, strict=True
    ):
        right[part] |= {(query, answer) for answer in answers}
        if candidate is not None and score is not None:
            mined[part][query, candidate] = score
    if not right[TUNING]:
        return "no pairs to tune the threshold on"
    threshold = best_threshold(mined[TUNING], right[TUNING])
    kept = {pair for pair, score in mined[EVALUATED].items() if score >= threshold}
    rows: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for query in (query for query, part in zip(ids, parts, strict=True) if part == EVALUATED):
        rows[query]  # a query without pairs counts as an example too
    for pairs in (kept, right[EVALUATED]):
        for query, _ in pairs:
            rows[query][1] += 1.0
    for query, _ in kept & right[EVALUATED]:
        rows[query][0] += 2.0
    found = _counts((query, top, bottom) for query, (top, bottom) in rows.items())
    return replace(found, sparse=True)
