"""Language of training by language of evaluation, for training sets that are otherwise the same."""

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

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xstilts.comparisons.base import StudyResults
    from xstilts.grid.language_contrasts import LanguageContrast
    from xstilts.results.render import Header
    from xstilts.statistics.study_scores import StudyScores

ALL = "all"
"""Stands for the mean over the languages of evaluation."""

SOURCE_SCHEMA = pa.schema(
    [
        # place in the chain, what is trained on, what is evaluated, in which languages
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


def source_table(
    scores: StudyScores, language_contrasts: Sequence[LanguageContrast]
) -> pd.DataFrame:
    """One row per model, set of twins, language of training and language of evaluation.

    p-values are corrected over the languages of evaluation, their mean apart.
    """
    records = [
        row
        for model in scores.models
        for one in language_contrasts
        for row in _rows(scores, model, one)
    ]
    single = [row for row in records if row["language"] != ALL]
    correct(single, ("model", "position", "task", "target", "source"))
    return pd.DataFrame(records, columns=SOURCE_SCHEMA.names)


def _rows(
    scores: StudyScores, model: str, language_contrasts: LanguageContrast
) -> Iterator[dict[str, Any]]:
    names = {
        "position": language_contrasts.position,
        "task": language_contrasts.task,
        "target": language_contrasts.target,
    }
    control = language_contrasts.members[language_contrasts.control]
    languages = {
        language: None
        for _, target in language_contrasts.members.values()
        for _, _, language in scores.by_target[model, target].scores
    }
    for source, (strategy, target) in language_contrasts.members.items():
        for language in (*languages, ALL):
            among = None if language == ALL else [language]
            # targets of one task share their bootstrap samples, so that they can be subtracted
            own, other = (
                scores.by_target[model, place].difference(name, None, among=among)
                for name, place in ((strategy, target), (control[0], control[1]))
            )
            values = [float(value) for value in own.values_S]
            row: dict[str, Any] = {
                "model": model,
                **names,
                "source": source,
                "control": language_contrasts.control,
            }
            row |= {"language": language, "mean": mean(values), "sd": deviation(values)}
            row |= effect(combine([(1.0, own), (-1.0, other)]))
            # both were counted
            row["num_examples"] = own.num_examples
            if source == language_contrasts.control:
                row |= dict.fromkeys(("delta", "low", "high", "p"), math.nan)
                row |= {"verdict": BASELINE, "uncertainty": ""}
            yield {**row, "p_holm": math.nan}


def _build(results: StudyResults) -> pd.DataFrame:
    return source_table(results.scores, language_contrasts(results.grid))


def sources_summary(table: pd.DataFrame, header: Header) -> Summary:
    """Language of training by language of evaluation, one block per model, task and target.

    Args:
        table: from ``source_table``.
        header: of the study; nothing of it is needed here.
    """
    if table.empty:
        text = "No two strategies or targets of the study differ in their language alone."
    else:
        text = (
            "Rows: language of the training data; columns: language of evaluation. Entries: mean "
            "over seeds (difference to training in the control's language; * where its interval of "
            "95 % is on one side of zero). sources.csv has the intervals. Training sets in other "
            "languages are mostly a machine's translations: language and quality differ together."
        )
    blocks = []
    by = ["model", "position", "task", "target"]
    for (model, position, task, target), rows in table.groupby(by, sort=False):
        place = "before the target" if position == "intermediate" else "on the target"
        control = rows["control"].iloc[0]
        title = f"{model}: {task} {place}, evaluated on {target} (control: {control})"
        columns = list(dict.fromkeys(rows["language"]))
        found = {(row["source"], row["language"]): _source_entry(row) for _, row in rows.iterrows()}
        entries = [
            {"trained in": source} | {code: found[source, code] for code in columns}
            for source in dict.fromkeys(rows["source"])
        ]
        blocks.append(block_of(entries, title, numeric=True))
    return Summary(title="languages of training", text=text, blocks=tuple(blocks))


def _source_entry(row: pd.Series[Any]) -> str:
    if math.isnan(row["mean"]):
        return DASH
    text = number(row["mean"])
    if math.isnan(row["delta"]):
        return text
    star = "*" if row["verdict"] in ("helps", "hurts") else ""
    return f"{text} ({difference(row['delta'])}{star})"


COMPARISON = Comparison(
    rows=(
        "training sets that differ in their language alone: language of training by language "
        "of evaluation, against the source language"
    ),
    schema=SOURCE_SCHEMA,
    build=_build,
    summarise=sources_summary,
    order=4,
)
