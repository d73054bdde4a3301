"""Trivial baselines in tables: chance, the most frequent answer, bag of words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.errors import UserError
from xstilts.files import is_present
from xstilts.metrics.trivial import CHANCE, MAJORITY
from xstilts.numbers import DASH
from xstilts.results.pivot import Pivot
from xstilts.schema_metadata import require_undamaged
from xstilts.trivial_baselines.run import TRIVIAL_BASELINE_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

TRIVIAL_BASELINES = {
    CHANCE: "chance",
    MAJORITY: "most frequent answer",
    "all": "bag of words",
    "part": "one side only",
}
"""Key to the name of the row below the strategies. For tagging, "bag of words" is each word's most
frequent tag; for retrieval, word overlap."""


def read_trivial_baselines(files: Iterable[Path]) -> pd.DataFrame:
    """Read the trivial baselines of all targets that have been scored, in the order of the files.

    Raises:
        UserError: a file is damaged, or not a table of trivial baselines.
    """
    tables = []
    for file in files:
        if not is_present(file):
            continue
        require_undamaged(file)
        try:
            tables.append(pq.read_table(file, partitioning=None).cast(TRIVIAL_BASELINE_SCHEMA))
        except (pa.ArrowInvalid, ValueError) as error:
            raise UserError(
                f"{file}: not a table of trivial baselines ({error}). Delete it to make it again."
            ) from None
    whole = pa.concat_tables([TRIVIAL_BASELINE_SCHEMA.empty_table(), *tables])
    return whole.replace_schema_metadata(None).to_pandas()


def trivial_means(
    results: pd.DataFrame, trivial_baselines: pd.DataFrame
) -> dict[str, dict[str, float]]:
    """Name of each trivial baseline to target to mean over languages.

    Of the baselines that see one side of an example, the one with the best mean counts. Chance and
    the most frequent answer are only known for targets whose metric is accuracy.

    Args:
        results: result rows, from ``xstilts.results.cells.collect``.
        trivial_baselines: from ``read_trivial_baselines``.
    """
    # both are accuracies, not to be compared with the F1 of other targets
    scored = results[results["headline"] & (results["metric"] == "accuracy")]["target"]
    rows = results[results["metric"].isin([CHANCE, MAJORITY]) & results["target"].isin(scored)]
    means: dict[Any, float] = (
        rows.groupby(["metric", "target"], sort=False)["value"].mean().to_dict()
    )
    by_view = trivial_baselines.groupby(["sees", "target", "baseline"], sort=False)["value"].mean()
    means |= by_view.groupby(level=["sees", "target"], sort=False).max().to_dict()
    found = {
        name: {target: float(value) for (kind, target), value in means.items() if kind == key}
        for key, name in TRIVIAL_BASELINES.items()
    }
    return {name: values for name, values in found.items() if values}


def trivial_baseline_pivots(trivial_baselines: pd.DataFrame) -> list[Pivot]:
    """One block per target: trivial baselines by languages."""
    blocks = []
    for target, rows in trivial_baselines.groupby("target", sort=False):
        languages = tuple(dict.fromkeys(rows["language"]))
        values = rows.set_index(["baseline", "language"])["value"].map("{:.1f}".format).to_dict()
        entries = tuple(
            (name, tuple(values.get((name, language), DASH) for language in languages))
            for name in dict.fromkeys(rows["baseline"])
        )
        first = rows.iloc[0]
        trained = f"{first['num_train']} training examples" if first["num_train"] else "untrained"
        title = f"{target}: {first['metric']}, {trained}"
        blocks.append(Pivot(title=title, columns=languages, rows=entries, footnotes=()))
    return blocks
