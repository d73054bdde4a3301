"""Training language by evaluation language, for training sets that differ in nothing else."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from xstilts.comparisons.base import Comparison
from xstilts.comparisons.effects import BASELINE, correct, effect
from xstilts.grid.language_contrasts import language_contrasts
from xstilts.numbers import DASH, difference, number
from xstilts.results.averages import deviation, mean
from xstilts.results.pivot import Summary, block_of
from xstilts.statistics.difference import combine
from xstilts.statistics.inference import DECIDED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xstilts.comparisons.base import StudyResults
    from xstilts.grid.language_contrasts import LanguageContrast
    from xstilts.results.render import Header
    from xstilts.statistics.study_scores import StudyScores

ALL = "all"
"""Name of the mean over the evaluation languages."""

SOURCE_SCHEMA = pa.schema(
    [
        # position in the chain, training task, evaluated target, and their languages
        *(
            (name, pa.string())
            for name in ("model", "position", "task", "target", "source", "control", "language")
        ),
        *((name, pa.float64()) for name in ("mean", "sd")),
        # against training in the control's language
        *((name, pa.float64()) for name in ("delta", "low", "high", "p", "p_holm")),
        *((name, pa.int64()) for name in ("num_seeds", "num_examples")),
        ("verdict", pa.string()),
        ("uncertainty", pa.string()),
    ]
)


def source_table(scores: StudyScores, contrasts: Sequence[LanguageContrast]) -> pd.DataFrame:
    """One row per model, language contrast, training language and evaluation language.

    p-values are corrected over the evaluation languages, without their mean.
    """
    records = [
        row
        for model in scores.models
        for contrast in contrasts
        for row in _rows(scores, model, contrast)
    ]
    single = [row for row in records if row["language"] != ALL]
    correct(single, ("model", "position", "task", "target", "source"))
    return pd.DataFrame(records, columns=SOURCE_SCHEMA.names)


def _rows(scores: StudyScores, model: str, contrast: LanguageContrast) -> Iterator[dict[str, Any]]:
    names = {"position": contrast.position, "task": contrast.task, "target": contrast.target}
    languages = {
        language: None
        for _, target in contrast.members.values()
        for _, _, language in scores.by_target[model, target].scores
    }
    for source, member in contrast.members.items():
        for language in (*languages, ALL):
            among = None if language == ALL else [language]
            # targets of one task share their bootstrap samples, so that they can be subtracted
            own, other = (
                scores.by_target[model, target].difference(strategy, None, among=among)
                for strategy, target in (member, contrast.members[contrast.control])
            )
            values = [float(value) for value in own.values_S]
            row: dict[str, Any] = {
                "model": model,
                **names,
                "source": source,
                "control": contrast.control,
            }
            row |= {"language": language, "mean": mean(values), "sd": deviation(values)}
            row |= effect(combine([(1.0, own), (-1.0, other)]))
            # combine adds up both sides, which have the same examples
            row["num_examples"] = own.num_examples
            if source == contrast.control:
                row |= dict.fromkeys(("delta", "low", "high", "p"), math.nan)
                row |= {"verdict": BASELINE, "uncertainty": ""}
            yield {**row, "p_holm": math.nan}


def _build(results: StudyResults) -> pd.DataFrame:
    return source_table(results.scores, language_contrasts(results.grid))


def sources_summary(table: pd.DataFrame, header: Header) -> Summary:
    """Training language by evaluation language, one block per model, task and target.

    Args:
        table: from ``source_table``.
        header: unused.
    """
    if table.empty:
        text = "No two strategies or targets of the study differ only in their training language."
    else:
        text = (
            "Rows: training language; columns: evaluation language. Cells: mean over seeds; in "
            "parentheses, the difference from training in the control language (* if its 95 % "
            "interval excludes zero). The intervals are in sources.csv. Training sets in other "
            "languages are mostly machine translations: language and quality differ together."
        )
    blocks = []
    by = ["model", "position", "task", "target"]
    for (model, position, task, target), rows in table.groupby(by, sort=False):
        where = "before the target" if position == "intermediate" else "as the target"
        control = rows["control"].iloc[0]
        title = f"{model}: {task} {where}, evaluated on {target} (control: {control})"
        columns = list(dict.fromkeys(rows["language"]))
        found = {(row["source"], row["language"]): _source_entry(row) for _, row in rows.iterrows()}
        entries = [
            {"trained in": source} | {code: found[source, code] for code in columns}
            for source in dict.fromkeys(rows["source"])
        ]
        blocks.append(block_of(entries, title, numeric=True))
    return Summary(title="training languages", text=text, blocks=tuple(blocks))


def _source_entry(row: pd.Series[Any]) -> str:
    if math.isnan(row["mean"]):
        return DASH
    text = number(row["mean"])
    if math.isnan(row["delta"]):
        return text
    star = "*" if row["verdict"] in DECIDED else ""
    return f"{text} ({difference(row['delta'])}{star})"


COMPARISON = Comparison(
    rows=(
        "training sets that differ only in their language: training language by evaluation "
        "language, against the source language"
    ),
    schema=SOURCE_SCHEMA,
    build=_build,
    summarise=sources_summary,
    order=4,
)
