"""The effect of each strategy on groups of languages: by language, family, script, and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from xstilts.comparisons.base import Comparison
from xstilts.comparisons.effects import correct, effect
from xstilts.comparisons.texts import footnoted_summary, judged, reading
from xstilts.languages import groupings
from xstilts.microworld.world import properties
from xstilts.numbers import difference, interval, p_value
from xstilts.statistics.difference import combine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xstilts.comparisons.base import StudyResults
    from xstilts.grid import Grid
    from xstilts.results.pivot import Summary
    from xstilts.results.render import Header
    from xstilts.statistics.study_scores import Pair, StudyScores

GROUP_SCHEMA = pa.schema(
    [
        # kind of grouping, and the group
        *((name, pa.string()) for name in ("model", "strategy", "against", "grouping", "group")),
        *((name, pa.float64()) for name in ("delta", "low", "high")),
        # corrected over the groups of a strategy and kind of grouping
        *((name, pa.float64()) for name in ("p", "p_holm")),
        *((n, pa.int64()) for n in ("num_targets", "num_languages", "num_seeds", "num_examples")),
        ("verdict", pa.string()),
        ("uncertainty", pa.string()),
        # number of the study's targets that have a language of the group but no result
        ("missing_targets", pa.int64()),
    ]
)


def group_table(scores: StudyScores, by: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """One row per model, strategy and group of languages: mean over languages, then over targets.

    Args:
        scores: the study's scores.
        by: kind of grouping to language to group.
    """
    records = [
        {"model": model, "strategy": pair[0], "against": pair[1], **row}
        for model in scores.models
        for pair in scores.to_baseline
        for row in _rows(scores, model, pair, by)
    ]
    correct(records, ("model", "strategy", "against", "grouping"))
    return pd.DataFrame(records, columns=GROUP_SCHEMA.names)


def _rows(
    scores: StudyScores, model: str, pair: Pair, by: Mapping[str, Mapping[str, str]]
) -> Iterator[dict[str, Any]]:
    languages = {
        target: {language for _, _, language in scores.by_target[model, target].scores}
        for target in scores.targets
    }
    for grouping, groups in by.items():
        for group in dict.fromkeys(groups.values()):
            among = {code for code, name in groups.items() if name == group}
            evaluated = [target for target in scores.targets if languages[target] & among]
            parts = [
                part
                for target in evaluated
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
                    "missing_targets": len(evaluated) - len(parts),
                }


def language_groups(grid: Grid) -> dict[str, dict[str, str]]:
    """Kind of grouping to the group of each evaluated language."""
    codes = [code for node in grid.targets.values() for code in node.languages]
    if grid.names.coverage.world is None:
        return groupings(codes)
    # generated languages are grouped by their properties
    found = {"language": {code: code for code in dict.fromkeys(codes)}}
    for name in ("order", "script"):
        found[name] = {row["code"]: str(row[name]) for row in properties(grid.names.coverage.world)}
    return found


def _build(results: StudyResults) -> pd.DataFrame:
    return group_table(results.scores, language_groups(results.grid))


def groups_summary(table: pd.DataFrame, header: Header) -> Summary:
    """Groups of languages, one block per base model."""
    intro = (
        f"Effect: mean of a strategy minus that of `{header.baseline}`, over the languages of a "
        "group, then over the targets that have any of them, in "
        + reading(header, "the groups of a grouping")
        + ". Targets differ between groups: compare strategies within a group, not groups with "
        "each other."
    )
    return footnoted_summary("groups of languages", intro, table, _group_row)


def _group_row(row: pd.Series[Any], notes: dict[str, int]) -> dict[str, str]:
    missing = row["missing_targets"]
    targets = str(row["num_targets"])
    return {
        "strategy": row["strategy"],
        "by": row["grouping"],
        "group": row["group"],
        "languages": str(row["num_languages"]),
        "targets": f"{targets}† of {row['num_targets'] + missing}" if missing else targets,
        "effect": difference(row["delta"]),
        "95 % interval": interval(row["low"], row["high"]),
        "p (Holm)": p_value(row["p_holm"]),
        "verdict": judged(row, notes),
    }


COMPARISON = Comparison(
    rows=(
        "each strategy minus the baseline, by language, family, script, amount of pretraining"
        " text, region"
    ),
    schema=GROUP_SCHEMA,
    build=_build,
    summarise=groups_summary,
    order=6,
)
