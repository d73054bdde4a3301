"""Where a target's scores vary: between strategies, languages, seeds, and by combinations."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from xstilts.results.pivot import Summary, block_of

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
        # in squared points, and its share of all in percent
        ("variance", pa.float64()),
        ("share", pa.float64()),
        *((f"num_{name}", pa.int64()) for name in ("strategies", "languages", "seeds")),
        # scores that are left out, since not all strategies and seeds have the language
        ("left_out", pa.int64()),
    ]
)


def components(values: npt.NDArray[np.float64], names: Sequence[str]) -> dict[str, float]:
    """Variance components of a table of scores in which every combination stands once.

    A random-effects model with all interactions; that of all factors is the rest. The estimates are
    those of the analysis of variance, and of restricted likelihood where none is negative; negative
    ones count as zero. A factor with one level has none.

    Args:
        values: scores, one axis per factor.
        names: name of each axis.

    Source: Searle, Casella and McCulloch 1992, "Variance Components", chapter 4.
    """
    axes = [axis for axis in range(values.ndim) if values.shape[axis] > 1]
    values = values.reshape([values.shape[axis] for axis in axes])
    labels = [names[axis] for axis in axes]
    every = range(len(axes))
    sets = [frozenset(c) for size in range(1, len(axes) + 1) for c in combinations(every, size)]
    squares = {one: _mean_square(values, one) for one in sets}
    found = {}
    for one in sets:
        # expected mean squares: those of the sets around it enter with alternating signs
        above = [other for other in sets if one <= other]
        total = sum((-1) ** len(other - one) * squares[other] for other in above)
        repeats = np.prod([values.shape[axis] for axis in every if axis not in one])
        name = "rest" if len(one) == len(axes) else " x ".join(labels[axis] for axis in sorted(one))
        found[name] = max(0.0, float(total / repeats))
    return found


def _mean_square(values: npt.NDArray[np.float64], axes: frozenset[int]) -> float:
    """The mean square of the effect of some factors together."""
    effect = np.zeros_like(values)
    for size in range(len(axes) + 1):
        for kept in combinations(sorted(axes), size):
            gone = tuple(axis for axis in range(values.ndim) if axis not in kept)
            effect = effect + (-1) ** (len(axes) - size) * values.mean(axis=gone, keepdims=True)
    freedom = np.prod([values.shape[axis] - 1 for axis in axes])
    return float((effect**2).sum() / freedom)


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
    """Scores by strategy, language and seed, where all strategies have languages and seeds."""
    scores = measured.scores
    there = [name for name in strategies if any(key[0] == name for key in scores)]
    seeds = sorted({key[1] for key in scores})
    seeds = [s for s in seeds if all(any(k[:2] == (name, s) for k in scores) for name in there)]
    languages = [
        language
        for language in dict.fromkeys(key[2] for key in scores)
        if all((name, seed, language) in scores for name in there for seed in seeds)
    ]
    values = np.array(
        [[[scores[name, seed, code] for seed in seeds] for code in languages] for name in there]
    )
    counts = {"num_strategies": len(there), "num_languages": len(languages)}
    counts |= {"num_seeds": len(seeds), "left_out": len(scores) - values.size}
    return values, counts


def variance_summary(table: pd.DataFrame, header: Header) -> Summary:
    """Shares of the variance, one block per base model.

    Args:
        table: from ``variance_table``.
        header: of the study; nothing of it is needed here.
    """
    text = (
        "Share of the variance of a target's scores, in percent, between strategies, languages and "
        "seeds and by what they do together; in the languages and seeds that all strategies have. "
        "Seeds cannot be told from the rest where there is one. See docs/statistics.md."
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
    return Summary(title="where scores vary", text=text, blocks=tuple(blocks))
