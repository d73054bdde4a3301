"""Differences between strategies on each target, with interval, p-values and verdict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import pyarrow as pa

from xstilts.results.tables import AVERAGE
from xstilts.statistics.difference import Difference, combine
from xstilts.statistics.inference import Estimate, estimate, holm, sign_flip, swap_test

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xstilts.statistics.study_scores import Pair, StudyScores
    from xstilts.statistics.target_scores import TargetScores

EFFECT_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("model", "strategy", "against", "target")),
        # strategy minus the other, mean over languages and seeds, with a 95 % interval
        *((name, pa.float64()) for name in ("delta", "low", "high")),
        # from the interval's replicates; Holm-corrected over the study's family of comparisons
        # (averages excluded); permutation test over examples; sign-flip test over seeds
        *((name, pa.float64()) for name in ("p", "p_holm", "p_swap", "p_flip")),
        *((name, pa.int64()) for name in ("num_seeds", "num_examples")),
        ("verdict", pa.string()),
        # what the interval covers, and why not more
        ("uncertainty", pa.string()),
        # source language minus the mean of the others: of the strategy, and its difference
        *((name, pa.float64()) for name in ("gap", "gap_delta", "gap_low", "gap_high")),
    ]
)

BASELINE = "baseline"
"""The verdict in rows of the baseline itself, which have only the gap."""

TRAINED = f"{AVERAGE} without retrieval"
"""The average over the trained targets: retrieval may dominate the other average."""

Family = Literal["targets", "strategies", "all"]

FAMILIES: Mapping[Family, tuple[str, ...]] = {
    "targets": ("model", "strategy", "against"),
    "strategies": ("model", "target"),
    "all": ("model",),
}
"""Families for the Holm correction: rows that agree in these columns."""


def effect_table(scores: StudyScores, family: Family = "targets") -> pd.DataFrame:
    """Every strategy against the baseline; columns of EFFECT_SCHEMA.

    One row per model, strategy and target, and one for each average over targets: over the targets
    that have a difference, in the seeds that all of them have.
    """
    return _table(scores, [(name, scores.baseline) for name in scores.strategies], family)


def contrast_table(
    scores: StudyScores, pairs: Sequence[Pair], family: Family = "targets"
) -> pd.DataFrame:
    """The same statistics for other pairs of strategies."""
    return _table(scores, pairs, family)


def _table(scores: StudyScores, pairs: Sequence[Pair], family: Family) -> pd.DataFrame:
    records = [
        {"model": model, "strategy": pair[0], "against": pair[1], **row}
        for model in scores.models
        for pair in pairs
        for row in _rows(scores, model, pair)
    ]
    single_targets = [row for row in records if row["target"] not in (AVERAGE, TRAINED)]
    correct(single_targets, FAMILIES[family])
    return pd.DataFrame(records, columns=EFFECT_SCHEMA.names)


def correct(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """Set the ``p_holm`` of each row, corrected over the rows that agree in these columns."""
    families: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        families.setdefault(tuple(row[name] for name in columns), []).append(row)
    for members in families.values():
        for row, p in zip(members, holm([row["p"] for row in members]), strict=True):
            row["p_holm"] = p


def _rows(scores: StudyScores, model: str, pair: Pair) -> Iterator[dict[str, Any]]:
    strategy, other = pair
    found: dict[str, Difference] = {}
    for target in scores.targets:
        measured = scores.by_target[model, target]
        row = {"target": target, **_gap(scores, measured, pair)}
        if strategy == other:
            yield row | _nothing(measured.difference(strategy, None))
        else:
            found[target] = measured.difference(strategy, other, swaps=True)
            yield row | effect(found[target])
    yield from _averages(scores, found)


def average_targets(scores: StudyScores, targets: Sequence[str]) -> dict[str, list[str]]:
    """The averages by name: over all targets, and over the trained ones if not all are trained."""
    sets = {AVERAGE: list(targets)}
    trained = [target for target in targets if target not in scores.untrained]
    if 0 < len(trained) < len(targets):
        sets[TRAINED] = trained
    return sets


def average(targets: Sequence[str], found: Mapping[str, Difference]) -> tuple[Difference, int]:
    """The average over the targets that have a difference, and the number of these."""
    present = [found[target] for target in targets if found[target].by_seed]
    if not present:
        return Difference(by_seed={}, replicates_BS=None), 0
    return combine([(1 / len(present), part) for part in present]), len(present)


def _averages(scores: StudyScores, found: Mapping[str, Difference]) -> Iterator[dict[str, Any]]:
    for name, targets in average_targets(scores, list(found)).items():
        mean, num_present = average(targets, found)
        if not num_present:
            continue
        row = effect(mean)
        if num_present < len(targets):
            row["uncertainty"] += f"; {num_present} of {len(targets)} targets"
        nothing = dict.fromkeys(("p_holm", "gap", "gap_delta", "gap_low", "gap_high"), math.nan)
        yield {"target": name, **row, **nothing}


def effect(difference: Difference) -> dict[str, Any]:
    """The columns of a difference; NaN and "unknown" if it has no value."""
    found = estimate(difference.values_S, difference.replicates_BS)
    swapped = difference.swapped_B
    return {
        "delta": found.delta,
        "low": found.low,
        "high": found.high,
        "p": found.p,
        "p_swap": math.nan if swapped is None else swap_test(found.delta, swapped),
        "p_flip": sign_flip(difference.values_S),
        "num_seeds": len(difference.by_seed),
        "num_examples": difference.num_examples if difference.by_seed else 0,
        "verdict": found.verdict,
        "uncertainty": difference.uncertainty,
    }


def _nothing(scores: Difference) -> dict[str, Any]:
    numbers = ("delta", "low", "high", "p", "p_holm", "p_swap", "p_flip")
    return {
        **dict.fromkeys(numbers, math.nan),
        "num_seeds": len(scores.by_seed),
        "num_examples": scores.num_examples if scores.by_seed else 0,
        "verdict": BASELINE,
        "uncertainty": "",
    }


def _gap(scores: StudyScores, measured: TargetScores, pair: Pair) -> dict[str, float]:
    """The zero-shot transfer gap; NaN if the source language is not evaluated.

    Source: Hu et al. 2020, arXiv 2003.11080, section 5 (cross-lingual transfer gap).
    """
    source, (strategy, other) = scores.source_language, pair
    own = estimate(measured.difference(strategy, None, "gap", source).values_S, None)
    change = Estimate(delta=math.nan, low=math.nan, high=math.nan, p=math.nan)
    if strategy != other:
        moved = measured.difference(strategy, other, "gap", source)
        change = estimate(moved.values_S, moved.replicates_BS)
    return {
        "gap": own.delta,
        "gap_delta": change.delta,
        "gap_low": change.low,
        "gap_high": change.high,
    }
