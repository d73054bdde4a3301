"""Tables of a study from its result rows: one row for every number that was wanted.

A missing number has the reason; an average over less than was wanted says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from xstilts.results.averages import (
    Measured,
    language_means,
    mean,
    measure,
    summary,
    target_means,
)
from xstilts.results.cells import Cell, reason_missing, values_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

AVERAGE = "average"
"""Stands in place of the target, and of the metric, in the rows that average over targets."""

_TYPES = {
    **dict.fromkeys(("model", "strategy", "target", "language", "metric", "reason"), pa.string()),
    **dict.fromkeys(("mean", "sd", "delta", "delta_sd"), pa.float64()),
    **dict.fromkeys(("complete", "delta_complete"), pa.bool_()),
}
_NUMBERS = "mean sd num_seeds expected_seeds"
_COVERAGE = "num_languages expected_languages"
_DELTAS = "complete delta delta_sd delta_complete"


def _schema(names: str) -> pa.Schema:
    """Columns by name; those that ``_TYPES`` does not list are counts."""
    return pa.schema([(name, _TYPES.get(name, pa.int64())) for name in names.split()])


TRANSFER_SCHEMA = _schema(
    f"model strategy target metric {_NUMBERS} {_COVERAGE} num_targets expected_targets {_DELTAS} "
    "reason"
)
LANGUAGE_SCHEMA = _schema(f"model strategy target language metric {_NUMBERS} {_DELTAS} reason")
LAYER_SCHEMA = _schema(f"model strategy target layer metric {_NUMBERS} {_COVERAGE} {_DELTAS}")


def transfer_table(rows: pd.DataFrame, cells: Sequence[Cell], baseline: str) -> pd.DataFrame:
    """One row per model, strategy and target, and one for the average over targets.

    ``mean`` is over languages, then over seeds; ``sd`` is between seeds (NaN for one seed).
    ``delta`` is the mean over seeds of the difference to the baseline in the seeds and languages
    that both have. ``num_languages`` is the least over the seeds that have a result.
    ``num_targets`` counts the targets that went into an average. ``complete`` and
    ``delta_complete`` say whether all that was wanted went in.

    Args:
        rows: result rows, from ``collect``.
        cells: all cells that are wanted; their order is that of the table.
        baseline: strategy that the others are compared with.

    Raises:
        UserError: no cell is of the baseline.
    """
    scores = values_of(rows, cells)
    groups = measure(scores, cells, baseline)
    records: list[dict[str, Any]] = []
    for model, strategy in dict.fromkeys(group[:2] for group in groups):
        own = {group[2]: found for group, found in groups.items() if group[:2] == (model, strategy)}
        targets = [
            {
                "target": target,
                **_over_languages(found),
                "num_targets": int(bool(found.scores)),
                "expected_targets": 1,
                "reason": reason_missing(found.cells, scores),
            }
            for target, found in own.items()
        ]
        average = _over_targets(targets, list(own.values()))
        records += [{"model": model, "strategy": strategy, **row} for row in (*targets, average)]
    return pd.DataFrame(records, columns=TRANSFER_SCHEMA.names)


def _over_languages(found: Measured) -> dict[str, Any]:
    """Columns of one (model, strategy, target) that come from its values."""
    return {
        "metric": found.cells[0].metric,
        **summary(language_means(found.scores), language_means(found.deltas)),
        "num_seeds": len(found.scores),
        "expected_seeds": len(found.cells),
        "num_languages": min(map(len, found.scores.values()), default=0),
        "expected_languages": len(found.languages()),
        "complete": found.covered_by(found.scores),
        "delta_complete": found.covered_by(found.deltas),
    }


def _over_targets(records: Sequence[dict[str, Any]], groups: Sequence[Measured]) -> dict[str, Any]:
    """The unweighted mean over the targets of one model and strategy that have a mean.

    Args:
        records: the transfer rows of the targets.
        groups: what there is of each of them.
    """
    present = [record for record in records if record["num_targets"]]
    paired = [record for record, found in zip(records, groups, strict=True) if found.deltas]
    between_seeds = summary(
        target_means([language_means(found.scores) for found in groups if found.scores]),
        target_means([language_means(found.deltas) for found in groups if found.deltas]),
    )
    return {
        "target": AVERAGE,
        "metric": AVERAGE,
        **between_seeds,
        # not from the seeds that all targets have: those that lack one count in the others
        "mean": mean([record["mean"] for record in present]),
        "delta": mean([record["delta"] for record in paired]),
        "num_seeds": min((record["num_seeds"] for record in present), default=0),
        "expected_seeds": max(record["expected_seeds"] for record in records),
        "num_languages": sum(record["num_languages"] for record in records),
        "expected_languages": sum(record["expected_languages"] for record in records),
        "num_targets": len(present),
        "expected_targets": len(records),
        "complete": all(record["complete"] for record in records),
        "delta_complete": all(record["delta_complete"] for record in records),
        "reason": "" if present else "no target has a result",
    }


def language_table(rows: pd.DataFrame, cells: Sequence[Cell], baseline: str) -> pd.DataFrame:
    """One row per model, strategy, target and language; columns as in ``transfer_table``.

    Args:
        rows: result rows, from ``collect``.
        cells: all cells that are wanted; their order is that of the table.
        baseline: strategy that the others are compared with.

    Raises:
        UserError: no cell is of the baseline.
    """
    scores = values_of(rows, cells)
    records: list[dict[str, Any]] = []
    for (model, strategy, target), found in measure(scores, cells, baseline).items():
        for language in found.languages():
            cells_here = [cell for cell in found.cells if language in cell.languages]
            values = {s: of[language] for s, of in found.scores.items() if language in of}
            deltas = {s: of[language] for s, of in found.deltas.items() if language in of}
            records.append(
                {
                    "model": model,
                    "strategy": strategy,
                    "target": target,
                    "language": language,
                    "metric": found.cells[0].metric,
                    **summary(values, deltas),
                    "num_seeds": len(values),
                    "expected_seeds": len(cells_here),
                    "complete": len(values) == len(cells_here),
                    "delta_complete": len(deltas) == len(cells_here),
                    "reason": reason_missing(cells_here, scores, language),
                }
            )
    return pd.DataFrame(records, columns=LANGUAGE_SCHEMA.names)


def layer_table(rows: pd.DataFrame, cells: Sequence[Cell], baseline: str) -> pd.DataFrame:
    """One row per model, strategy, retrieval target and layer; columns as in ``transfer_table``.

    Empty where no cell has a metric per layer; cells without a result have no rows.

    Args:
        rows: result rows, from ``collect``.
        cells: all cells that are wanted; their order is that of the table.
        baseline: strategy that the others are compared with, at the same layer.

    Raises:
        UserError: no cell is of the baseline.
    """
    return pd.DataFrame(list(_layers(rows, cells, baseline)), columns=LAYER_SCHEMA.names)


def _layers(rows: pd.DataFrame, cells: Sequence[Cell], baseline: str) -> Iterator[dict[str, Any]]:
    names = (name for name in rows["metric"].unique() if "@layer" in name)
    layers = sorted({int(name.rpartition("@layer")[2]) for name in names})
    by_layer = {
        layer: measure(values_of(rows, cells, f"@layer{layer}"), cells, baseline)
        for layer in layers
    }
    for group in dict.fromkeys((cell.model, cell.strategy, cell.target) for cell in cells):
        for layer, groups in by_layer.items():
            if groups[group].scores:
                model, strategy, target = group
                yield {
                    "model": model,
                    "strategy": strategy,
                    "target": target,
                    "layer": layer,
                    **_over_languages(groups[group]),
                }
