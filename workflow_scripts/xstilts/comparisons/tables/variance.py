"""Variance components of a target's scores: strategies, languages, seeds, and interactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from xstilts.comparisons.base import Comparison
from xstilts.results.pivot import Summary, block_of
from xstilts.statistics.variance import components

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from xstilts.results.render import Header
    from xstilts.statistics.study_scores import StudyScores
    from xstilts.statistics.target_scores import TargetScores

FACTORS = ("strategy", "language", "seed")

VARIANCE_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("model", "target", "source")),
        # in squared points, and its share of the total in percent
        ("variance", pa.float64()),
        ("share", pa.float64()),
        *((f"num_{name}", pa.int64()) for name in ("strategies", "languages", "seeds")),
        # number of scores left out because not all strategies and seeds have the language
        ("left_out", pa.int64()),
    ]
)


def variance_table(scores: StudyScores) -> pd.DataFrame:
    """One row per model, target and source of variance."""
    records = []
    for (model, target), measured in scores.by_target.items():
        values, counts = _balanced(measured, scores.strategies)
        parts = components(values, FACTORS) if values.size else {}
        total = sum(parts.values())
        for source, variance in parts.items():
            share = 100 * variance / total if total else float("nan")
            row = {"model": model, "target": target, "source": source}
            records.append(row | {"variance": variance, "share": share, **counts})
    return pd.DataFrame(records, columns=VARIANCE_SCHEMA.names)


def _balanced(
    measured: TargetScores, strategies: Sequence[str]
) -> tuple[npt.NDArray[np.float64], Mapping[str, int]]:
    """Scores by strategy, language and seed, in the languages and seeds of all strategies."""
    scores = measured.scores
    present = [name for name in strategies if any(key[0] == name for key in scores)]
    seeds = sorted({key[1] for key in scores})
    seeds = [s for s in seeds if all(any(k[:2] == (name, s) for k in scores) for name in present)]
    languages = [
        language
        for language in dict.fromkeys(key[2] for key in scores)
        if all((name, seed, language) in scores for name in present for seed in seeds)
    ]
    values = np.array(
        [[[scores[name, seed, code] for seed in seeds] for code in languages] for name in present]
    )
    counts = {"num_strategies": len(present), "num_languages": len(languages)}
    counts |= {"num_seeds": len(seeds), "left_out": len(scores) - values.size}
    return values, counts


def variance_summary(table: pd.DataFrame, header: Header) -> Summary:
    """Shares of the variance, one block per base model.

    Args:
        table: from ``variance_table``.
        header: unused.
    """
    text = (
        "Share of the variance of a target's scores, in percent, by strategy, language, seed and "
        "their interactions, in the languages and seeds that all strategies have. With one seed, "
        "its variance is part of the residual. See docs/statistics.md."
    )
    blocks = []
    for model, rows in table.groupby("model", sort=False):
        sources = list(dict.fromkeys(rows["source"]))
        entries = []
        for target, found in rows.groupby("target", sort=False):
            shares = dict(zip(found["source"], found["share"], strict=True))
            texts = {name: f"{shares[name]:.1f}" if name in shares else "" for name in sources}
            entries.append({"target": str(target), **texts})
        blocks.append(block_of(entries, str(model), numeric=True))
    return Summary(title="variance components", text=text, blocks=tuple(blocks))


COMPARISON = Comparison(
    rows="variance components of a target's scores: strategies, languages, seeds, interactions",
    schema=VARIANCE_SCHEMA,
    build=lambda results: variance_table(results.scores),
    summarise=variance_summary,
    order=8,
)
