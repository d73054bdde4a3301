"""Tables of a study from its result rows: one row per expected score.

A missing score has a reason; an average over an incomplete set is marked.
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
    from collections.abc import Iterator, Mapping, Sequence

AVERAGE = "average"
"""Target and metric of the rows that average over targets."""

_NAMES = {"model": pa.string(), "strategy": pa.string(), "target": pa.string()}
_METRIC = {"metric": pa.string()}
_NUMBERS = {
    "mean": pa.float64(),
    "sd": pa.float64(),
    "num_seeds": pa.int64(),
    "expected_seeds": pa.int64(),
}
_COVERAGE = {"num_languages": pa.int64(), "expected_languages": pa.int64()}
_TARGETS = {"num_targets": pa.int64(), "expected_targets": pa.int64()}
_DELTAS = {
    "complete": pa.bool_(),
    "delta": pa.float64(),
    "delta_sd": pa.float64(),
    "delta_complete": pa.bool_(),
}
_REASON = {"reason": pa.string()}

TRANSFER_SCHEMA = pa.schema(_NAMES | _METRIC | _NUMBERS | _COVERAGE | _TARGETS | _DELTAS | _REASON)
LANGUAGE_SCHEMA = pa.schema(
    _NAMES | {"language": pa.string()} | _METRIC | _NUMBERS | _DELTAS | _REASON
)
LAYER_SCHEMA = pa.schema(_NAMES | {"layer": pa.int64()} | _METRIC | _NUMBERS | _COVERAGE | _DELTAS)


def _frame(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pd.DataFrame:
    """The rows with the schema's columns; a column that the schema lacks is a programming error."""
    unknown = {name for row in rows for name in row} - set(schema.names)
    assert not unknown, f"{sorted(unknown)} are not in the table's schema"
    return pd.DataFrame(list(rows), columns=schema.names)


def transfer_table(rows: pd.DataFrame, cells: Sequence[Cell], baseline: str) -> pd.DataFrame:
    """One row per model, strategy and target, and one for the average over targets.

    ``mean`` is over languages, then over seeds; ``sd`` is between seeds (NaN for one seed).
    ``delta`` is the mean over seeds of the difference from the baseline in the seeds and languages
    that both have. ``num_languages`` is the minimum over the seeds that have a result.
    ``num_targets`` counts the targets in an average. ``complete`` and ``delta_complete`` are true
    if no expected score is missing.

    Args:
        rows: result rows, from ``collect``.
        cells: all expected cells, in the order of the table.
        baseline: strategy that the others are compared with.

    Raises:
        UserError: no cell belongs to the baseline.
    """
    scores = values_of(rows, cells)
    groups = measure(scores, cells, baseline)
    table: list[dict[str, Any]] = []
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
        table += [{"model": model, "strategy": strategy, **row} for row in (*targets, average)]
    return _frame(table, TRANSFER_SCHEMA)


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


def _over_targets(rows: Sequence[dict[str, Any]], groups: Sequence[Measured]) -> dict[str, Any]:
    """The unweighted mean over the targets of one model and strategy that have a mean.

    Args:
        rows: the transfer rows of the targets.
        groups: the available values of each of them.
    """
    present = [row for row in rows if row["num_targets"]]
    paired = [row for row, found in zip(rows, groups, strict=True) if found.deltas]
    between_seeds = summary(
        target_means([language_means(found.scores) for found in groups if found.scores]),
        target_means([language_means(found.deltas) for found in groups if found.deltas]),
    )
    return {
        "target": AVERAGE,
        "metric": AVERAGE,
        **between_seeds,
        # over each target's own seeds, not only those that all targets have
        "mean": mean([row["mean"] for row in present]),
        "delta": mean([row["delta"] for row in paired]),
        "num_seeds": min((row["num_seeds"] for row in present), default=0),
        "expected_seeds": max(row["expected_seeds"] for row in rows),
        "num_languages": sum(row["num_languages"] for row in rows),
        "expected_languages": sum(row["expected_languages"] for row in rows),
        "num_targets": len(present),
        "expected_targets": len(rows),
        "complete": all(row["complete"] for row in rows),
        "delta_complete": all(row["delta_complete"] for row in rows),
        "reason": "" if present else "no target has a result",
    }


def language_table(rows: pd.DataFrame, cells: Sequence[Cell], baseline: str) -> pd.DataFrame:
    """One row per model, strategy, target and language; columns as in ``transfer_table``.

    Args:
        rows: result rows, from ``collect``.
        cells: all expected cells, in the order of the table.
        baseline: strategy that the others are compared with.

    Raises:
        UserError: no cell belongs to the baseline.
    """
    scores = values_of(rows, cells)
    table: list[dict[str, Any]] = []
    for (model, strategy, target), found in measure(scores, cells, baseline).items():
        for language in found.languages():
            cells_here = [cell for cell in found.cells if language in cell.languages]
            values = {s: of[language] for s, of in found.scores.items() if language in of}
            deltas = {s: of[language] for s, of in found.deltas.items() if language in of}
            table.append(
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
    return _frame(table, LANGUAGE_SCHEMA)


def layer_table(rows: pd.DataFrame, cells: Sequence[Cell], baseline: str) -> pd.DataFrame:
    """One row per model, strategy, retrieval target and layer; columns as in ``transfer_table``.

    Empty if no cell has a metric per layer; cells without a result have no rows.

    Args:
        rows: result rows, from ``collect``.
        cells: all expected cells, in the order of the table.
        baseline: strategy that the others are compared with, at the same layer.

    Raises:
        UserError: no cell belongs to the baseline.
    """
    return _frame(list(_layers(rows, cells, baseline)), LAYER_SCHEMA)


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
