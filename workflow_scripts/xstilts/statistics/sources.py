"""Language of training by language of evaluation, for training sets that are otherwise the same."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from xstilts.results.averages import deviation, mean
from xstilts.statistics.difference import combine
from xstilts.statistics.effects import BASELINE, correct, effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xstilts.grid.twins import Twins
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


def source_table(scores: StudyScores, twins: Sequence[Twins]) -> pd.DataFrame:
    """One row per model, set of twins, language of training and language of evaluation.

    p-values are corrected over the languages of evaluation, their mean apart.
    """
    records = [row for model in scores.models for one in twins for row in _rows(scores, model, one)]
    single = [row for row in records if row["language"] != ALL]
    correct(single, ("model", "position", "task", "target", "source"))
    return pd.DataFrame(records, columns=SOURCE_SCHEMA.names)


def _rows(scores: StudyScores, model: str, twins: Twins) -> Iterator[dict[str, Any]]:
    names = {"position": twins.position, "task": twins.task, "target": twins.target}
    control = twins.members[twins.control]
    languages = {
        language: None
        for _, target in twins.members.values()
        for _, _, language in scores.by_target[model, target].scores
    }
    for source, (strategy, target) in twins.members.items():
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
                "control": twins.control,
            }
            row |= {"language": language, "mean": mean(values), "sd": deviation(values)}
            row |= effect(combine([(1.0, own), (-1.0, other)]))
            # both were counted
            row["num_examples"] = own.num_examples
            if source == twins.control:
                row |= dict.fromkeys(("delta", "low", "high", "p"), math.nan)
                row |= {"verdict": BASELINE, "uncertainty": ""}
            yield {**row, "p_holm": math.nan}
