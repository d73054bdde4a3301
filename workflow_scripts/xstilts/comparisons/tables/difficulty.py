"""Measured difficulty of intermediate tasks: the base model's score on their dev sets.

The base model is trained on the task alone, as in the strategy; the score is that of the weights
that were kept. A task is hard if the score stays close to that of the most frequent answer.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
from scipy import stats

from xstilts.comparisons.base import Comparison
from xstilts.comparisons.measured import measured_tasks
from xstilts.numbers import DASH, difference, interval, number, signed
from xstilts.results.averages import deviation, mean
from xstilts.results.pivot import Summary, block_of
from xstilts.results.tables import AVERAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.comparisons.base import StudyResults
    from xstilts.comparisons.measured import Measured
    from xstilts.results.render import Header

DIFFICULTY_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("model", "strategy", "task", "language", "metric")),
        ("num_train", pa.int64()),
        ("num_dev", pa.int64()),
        # the metric on the dev set, 0-100, mean over seeds; the score of the most frequent answer
        *((name, pa.float64()) for name in ("dev", "dev_sd", "frequent")),
        # share of the range above the most frequent answer that the model does not reach, 0-100
        ("difficulty", pa.float64()),
        ("loss", pa.float64()),
        # means over training examples, 0-100: of the gold answer's probability during training,
        # and of its standard deviation over epochs
        *((name, pa.float64()) for name in ("confidence", "variability")),
        ("num_seeds", pa.int64()),
        # gain of the strategy, mean over targets, with its interval
        *((name, pa.float64()) for name in ("gain", "low", "high")),
        ("remark", pa.string()),
    ]
)


def difficulty_table(tasks: Sequence[Measured], effects: pd.DataFrame) -> pd.DataFrame:
    """One row per base model and intermediate task, the easiest first.

    Args:
        tasks: the measurements of each.
        effects: from ``effect_table``.
    """
    average = {
        (row["model"], row["strategy"]): row
        for row in effects[effects["target"] == AVERAGE].to_dict("records")
    }
    nothing = dict.fromkeys(("delta", "low", "high"), math.nan)
    records: list[dict[str, Any]] = []
    for one in tasks:
        found = average.get((one.model, one.strategy), nothing)
        dev = mean(one.dev)
        records.append(
            {
                "model": one.model,
                "strategy": one.strategy,
                "task": one.task,
                "language": one.language,
                "metric": one.metric,
                "num_train": one.num_train,
                "num_dev": one.num_dev,
                "dev": dev,
                "dev_sd": deviation(one.dev),
                "frequent": one.frequent,
                "difficulty": 100 * (100 - dev) / (100 - one.frequent),
                "loss": mean(one.loss),
                "confidence": 100 * mean([confidence for confidence, _ in one.maps]),
                "variability": 100 * mean([variability for _, variability in one.maps]),
                "num_seeds": len(one.dev),
                "gain": found["delta"],
                "low": found["low"],
                "high": found["high"],
                "remark": one.remark,
            }
        )
    models = {name: at for at, name in enumerate(dict.fromkeys(one.model for one in tasks))}
    records.sort(key=lambda row: (models[row["model"]], math.isnan(row["dev"]), row["difficulty"]))
    return pd.DataFrame(records, columns=DIFFICULTY_SCHEMA.names)


def difficulty_summary(table: pd.DataFrame, header: Header) -> Summary:
    """The intermediate tasks by difficulty, one block per base model.

    Args:
        table: from ``difficulty_table``.
        header: unused.
    """
    text = (
        "Dev: score of the base model, trained on the task alone, on the task's dev set, mean over "
        "seeds. Difficulty: the share of the range above the most frequent answer that it does not "
        "reach, 0-100. Gain: the strategy's difference from the baseline, mean over targets, with "
        "its 95 % interval. Confidence and variability: mean over the training examples of the "
        "gold answer's probability during training, and of its standard deviation over epochs, "
        "0-100 (data maps, Swayamdipta et al. 2020; by example in `data_map.parquet` next to each "
        "model)."
    )
    blocks = []
    for model, rows in table.groupby("model", sort=False):
        entries = [_row(row) for _, row in rows.iterrows()]
        remarks = [remark for remark in dict.fromkeys(rows["remark"]) if remark]
        blocks.append(block_of(entries, str(model), [_association(rows), *remarks]))
    return Summary(title="difficulty of the intermediate tasks", text=text, blocks=tuple(blocks))


def _row(row: pd.Series[Any]) -> dict[str, str]:
    sd = "" if math.isnan(row["dev_sd"]) else f" ±{row['dev_sd']:.1f}"
    return {
        "strategy": row["strategy"],
        "metric": row["metric"],
        "trained on": f"{row['num_train']:,}",
        "dev": DASH if math.isnan(row["dev"]) else number(row["dev"]) + sd,
        "most frequent answer": number(row["frequent"]),
        "difficulty": number(row["difficulty"]),
        "confidence": number(row["confidence"]),
        "variability": number(row["variability"]),
        "training loss": DASH if math.isnan(row["loss"]) else f"{row['loss']:.2f}",
        "gain": f"{difference(row['gain'])} {interval(row['low'], row['high'])}",
    }


def _association(rows: pd.DataFrame) -> str:
    """The rank correlation of difficulty and gain over the tasks of a model.

    Source: Spearman 1904; p from ``scipy.stats.spearmanr``.
    """
    known = rows.dropna(subset=["difficulty", "gain"])
    if len(known) < 4 or known["difficulty"].nunique() < 2 or known["gain"].nunique() < 2:
        return f"{len(known)} tasks have both numbers: too few for a correlation (at least 4)."
    found = stats.spearmanr(known["difficulty"], known["gain"])
    return (
        f"Difficulty and gain over {len(known)} tasks: Spearman's rho "
        f"{signed(found.statistic, 2)}, p {found.pvalue:.2f}. "
        "With so few tasks only a strong association is visible, and it need not be causal."
    )


def _build(results: StudyResults) -> pd.DataFrame:
    return difficulty_table(measured_tasks(results.grid), results.effects)


COMPARISON = Comparison(
    rows=(
        "each single intermediate task: the base model's dev score on it, confidence and "
        "variability of its training examples (data maps), and its gain"
    ),
    schema=DIFFICULTY_SCHEMA,
    build=_build,
    summarise=difficulty_summary,
    order=7,
)
