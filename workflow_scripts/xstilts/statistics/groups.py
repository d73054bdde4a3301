"""The effect of each strategy on groups of languages: by language, family, script, and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from xstilts.statistics.difference import combine
from xstilts.statistics.effects import correct, effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xstilts.statistics.study_scores import Pair, StudyScores

GROUP_SCHEMA = pa.schema(
    [
        # how languages are grouped, and the group
        *((name, pa.string()) for name in ("model", "strategy", "against", "grouping", "group")),
        *((name, pa.float64()) for name in ("delta", "low", "high")),
        # corrected over the groups of a strategy and kind of grouping
        *((name, pa.float64()) for name in ("p", "p_holm")),
        *((n, pa.int64()) for n in ("num_targets", "num_languages", "num_seeds", "num_examples")),
        ("verdict", pa.string()),
        ("uncertainty", pa.string()),
        # how many of the study's targets have a language of the group and no result
        ("missing_targets", pa.int64()),
    ]
)


def group_table(scores: StudyScores, groupings: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """One row per model, strategy and group of languages: mean over languages, then over targets.

    Args:
        scores: what the study measured.
        groupings: kind of grouping to language to group.
    """
    records = [
        {"model": model, "strategy": pair[0], "against": pair[1], **row}
        for model in scores.models
        for pair in scores.to_baseline
        for row in _rows(scores, model, pair, groupings)
    ]
    correct(records, ("model", "strategy", "against", "grouping"))
    return pd.DataFrame(records, columns=GROUP_SCHEMA.names)


def _rows(
    scores: StudyScores, model: str, pair: Pair, groupings: Mapping[str, Mapping[str, str]]
) -> Iterator[dict[str, Any]]:
    languages = {
        target: {language for _, _, language in scores.by_target[model, target].scores}
        for target in scores.targets
    }
    for grouping, groups in groupings.items():
        for group in dict.fromkeys(groups.values()):
            among = {code for code, name in groups.items() if name == group}
            with_it = [target for target in scores.targets if languages[target] & among]
            parts = [
                part
                for target in with_it
                if (part := scores.by_target[model, target].difference(*pair, among=among)).by_seed
            ]
            if parts:
                row = effect(combine([(1 / len(parts), part) for part in parts]))
                yield {
                    "grouping": grouping,
                    "group": group,
                    **row,
                    "num_targets": len(parts),
                    "num_languages": len(set.union(*languages.values()) & among),
                    "missing_targets": len(with_it) - len(parts),
                }
