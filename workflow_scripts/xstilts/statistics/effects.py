"""The effect of each strategy on each target, with interval, p-values and verdict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from xstilts.errors import unknown
from xstilts.results.tables import AVERAGE
from xstilts.statistics.inference import Estimate, estimate, holm, sign_flip, swap_test
from xstilts.statistics.sample import Difference, combine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xstilts.statistics.sample import Sample

EFFECT_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("model", "strategy", "target")),
        # strategy minus baseline, mean over languages and seeds, with a 95 % interval
        *((name, pa.float64()) for name in ("delta", "low", "high")),
        # from the interval's replicates; corrected over the targets (the average is not one of
        # them); by swapping the strategies per example; by flipping signs per seed
        *((name, pa.float64()) for name in ("p", "p_holm", "p_swap", "p_flip")),
        *((name, pa.int64()) for name in ("num_seeds", "num_examples")),
        ("verdict", pa.string()),
        # what the interval covers, and why not more
        ("uncertainty", pa.string()),
        # source language minus the mean of the others: of the strategy, and against the baseline
        *((name, pa.float64()) for name in ("gap", "gap_delta", "gap_low", "gap_high")),
    ]
)

BASELINE = "baseline"
"""The verdict on the baseline itself, whose row has the gap only."""


class Samples:
    """What a study measured, by model and target."""

    def __init__(
        self,
        samples: dict[tuple[str, str], Sample],
        strategies: Sequence[str],
        baseline: str,
        source_language: str,
    ) -> None:
        """Keep what is needed for any contrast.

        Raises:
            UserError: the baseline is no strategy.
        """
        if baseline not in strategies:
            raise unknown("strategy", baseline, strategies, "baseline")
        self.samples, self.strategies = samples, list(strategies)
        self.baseline, self.source_language = baseline, source_language
        self.models = list(dict.fromkeys(model for model, _ in samples))
        self.targets = list(dict.fromkeys(target for _, target in samples))

    def difference(
        self, model: str, strategy: str, other: str | None, targets: Sequence[str]
    ) -> Difference:
        """A strategy minus another, averaged over targets (unweighted), for one model."""
        parts = [self.samples[model, target].difference(strategy, other) for target in targets]
        return combine([(1 / len(parts), part) for part in parts])


def effect_table(samples: Samples) -> pd.DataFrame:
    """One row per model, strategy and target, and one for the average over targets.

    The average is over the targets that have a difference, in the seeds that all of them have.
    """
    records = [
        record
        for model in samples.models
        for strategy in samples.strategies
        for record in _strategy_rows(samples, model, strategy)
    ]
    return pd.DataFrame(records, columns=EFFECT_SCHEMA.names)


def _strategy_rows(samples: Samples, model: str, strategy: str) -> Iterator[dict[str, Any]]:
    found: dict[str, Difference] = {}
    rows = []
    for target in samples.targets:
        sample = samples.samples[model, target]
        row: dict[str, Any] = {"model": model, "strategy": strategy, "target": target}
        row |= _gap(samples, sample, strategy)
        if strategy == samples.baseline:
            row |= _nothing(sample.difference(strategy, None))
        else:
            found[target] = sample.difference(strategy, samples.baseline, swaps=True)
            row |= _effect(found[target])
        rows.append(row)
    if found:
        for row, p in zip(rows, holm([row["p"] for row in rows]), strict=True):
            row["p_holm"] = p
    yield from rows
    present = [part for part in found.values() if part.by_seed]
    if present:
        average = _effect(combine([(1 / len(present), part) for part in present]))
        if len(present) < len(found):
            average["uncertainty"] += f"; {len(present)} of {len(found)} targets"
        gap = dict.fromkeys(("gap", "gap_delta", "gap_low", "gap_high"), math.nan)
        yield {
            "model": model,
            "strategy": strategy,
            "target": AVERAGE,
            **average,
            "p_holm": math.nan,
            **gap,
        }


def _effect(difference: Difference) -> dict[str, Any]:
    found = estimate(difference.values_S, difference.draws_BS)
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


def _gap(samples: Samples, sample: Sample, strategy: str) -> dict[str, float]:
    """The zero-shot transfer gap; NaN where the source language is not evaluated.

    Source: Hu et al. 2020, arXiv 2003.11080, section 5 (cross-lingual transfer gap).
    """
    source = samples.source_language
    own = estimate(sample.difference(strategy, None, "gap", source).values_S, None)
    change = Estimate(delta=math.nan, low=math.nan, high=math.nan, p=math.nan)
    if strategy != samples.baseline:
        pair = sample.difference(strategy, samples.baseline, "gap", source)
        change = estimate(pair.values_S, pair.draws_BS)
    return {
        "gap": own.delta,
        "gap_delta": change.delta,
        "gap_low": change.low,
        "gap_high": change.high,
    }
