"""Contribution of each example to a metric, so that a resampled test set is scored by two sums.

Accuracy, exact match, answer F1 and average precision are means over examples, and the F1 of chunks
or pairs is ``2 TP / (predicted + gold)``: all are 100 times a ratio of two sums over examples.
Macro and weighted F1 are means of such ratios over classes.
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
    """[N], or [class, N] for a mean over classes."""
    denominator_N: npt.NDArray[np.float64]
    """The same shape."""
    sparse: bool = False
    """True if examples that contribute nothing are left out, so that files of one data set may
    differ."""
    classes: tuple[str, ...] = ("",)
    """Names of the classes."""
    weight_N: npt.NDArray[np.float64] | None = None
    """The same shape; a class weighs as much as its sum. None if all that occur weigh the same."""

    def rows(self) -> list[dict[str, npt.NDArray[np.float64]]]:
        """Numerators, denominators and weights, if any, by class."""
        summands = [self.numerator_N, self.denominator_N]
        summands += [] if self.weight_N is None else [self.weight_N]
        return [dict(zip(self.classes, np.atleast_2d(one), strict=True)) for one in summands]

    def with_ids(self, ids: Sequence[str]) -> Counts:
        """The same counts over more examples, which contribute nothing."""
        index_of = {example: index for index, example in enumerate(ids)}
        at_N = [index_of[example] for example in self.ids]

        def spread(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            over = np.zeros((*values.shape[:-1], len(ids)))
            over[..., at_N] = values
            return over

        return replace(
            self,
            ids=tuple(ids),
            numerator_N=spread(self.numerator_N),
            denominator_N=spread(self.denominator_N),
            weight_N=None if self.weight_N is None else spread(self.weight_N),
        )

    def summed(self, names: tuple[str, ...], index_N: npt.NDArray[np.intp]) -> Counts:
        """The same counts summed over clusters.

        Args:
            names: the clusters.
            index_N: the index of each example's cluster.
        """
        summed = [
            np.array([np.bincount(index_N, row_N, len(names)) for row_N in by_class.values()])
            for by_class in self.rows()
        ]
        numerator_G, denominator_G, *weight_G = (one.astype(np.float64) for one in summed)
        weight = weight_G[0] if weight_G else None
        return Counts(names, numerator_G, denominator_G, self.sparse, self.classes, weight)

    def value(self) -> float:
        """The metric, 0-100."""
        sums = (
            [row_N.sum(keepdims=True) for row_N in by_class.values()] for by_class in self.rows()
        )
        return float(score_of(*map(np.array, sums))[0])


def score_of(
    numerator: npt.NDArray[np.floating],
    denominator: npt.NDArray[np.floating],
    weight: npt.NDArray[np.floating] | None = None,
) -> npt.NDArray[np.floating]:
    """The metric (0-100) from sums of counts.

    A ratio is 0 if its denominator is 0, as in the metrics.

    Args:
        numerator: sums by class and sample, [..., class, sample].
        denominator: the same; 0 for a class that does not occur in a sample.
        weight: the same; None if all classes that occur weigh the same.
    """
    ratio = np.zeros_like(numerator)
    np.divide(100 * numerator, denominator, out=ratio, where=denominator > 0)
    if numerator.shape[-2] == 1:
        found: npt.NDArray[np.floating] = ratio[..., 0, :]
        return found
    if weight is None:
        weight = (denominator > 0).astype(ratio.dtype)
    total = weight.sum(axis=-2)
    mean: npt.NDArray[np.floating] = (weight * ratio).sum(axis=-2) / np.where(total > 0, total, 1)
    return mean


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
    if kind == "classification" and metric in ("macro_f1", "weighted_f1"):
        return _by_class(ids, gold, predicted, weighted=metric == "weighted_f1")
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


def _by_class(
    ids: Sequence[str], gold: Sequence[str], predicted: Sequence[str], *, weighted: bool
) -> Counts:
    """Counts of each class: twice the right predictions over gold plus predictions."""
    order = sorted(range(len(ids)), key=ids.__getitem__)
    classes = tuple(sorted({*gold, *predicted}))
    of_gold, of_predicted = (
        np.array([[labels[index] == name for index in order] for name in classes], np.float64)
        for labels in (gold, predicted)
    )
    return Counts(
        tuple(ids[index] for index in order),
        2 * of_gold * of_predicted,
        of_gold + of_predicted,
        classes=classes,
        weight_N=of_gold if weighted else None,
    )


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
