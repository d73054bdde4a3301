"""Data maps of intermediate stages, binned for a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.chains import EMPTY_CHAIN
from xstilts.files import is_present
from xstilts.manifest import checked_file
from xstilts.report.training import stages_of

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from xstilts.report.source import Source

COLUMNS = ["model", "t", "x", "y", "n", "share"]
"""Base model, task, variability and confidence (0-1) at the centre of a bin, number of examples in
it, and their share (0-100)."""
NUM_BINS = 25
"""Number of bins per axis."""
MAX_VARIABILITY = 0.5
"""The largest standard deviation of numbers between 0 and 1."""


def data_maps(source: Source) -> pd.DataFrame:
    """Examples by confidence and variability, of stages that train a base model on one task.

    Examples are pooled over seeds; those that were trained on only once have no variability and are
    left out.
    """
    found: dict[tuple[str, str], list[npt.NDArray[np.float64]]] = {}
    for model, before, stage, folder in dict.fromkeys(stages_of(source)):
        path = source.root / folder / "data_map.parquet"
        if before != EMPTY_CHAIN or not stage.startswith("stage: ") or not is_present(path):
            continue
        points_N2 = _read(path)
        if points_N2 is not None and len(points_N2):
            found.setdefault((model, stage.removeprefix("stage: ")), []).append(points_N2)
    rows = [(*key, *one) for key, parts in found.items() for one in _bins(parts)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _read(path: Path) -> npt.NDArray[np.float64] | None:
    """Variability and confidence of examples, [N, 2]; None if several tasks are mixed."""
    checked_file(path.with_name("manifest.json"), path.name)
    try:
        table = pq.read_table(path, partitioning=None)
    except pa.ArrowInvalid:
        return None  # truncated: the stage is running and will write it again
    if len(table["task"].unique()) != 1:
        return None
    rows = table.to_pandas()
    rows = rows[rows["epochs"] > 1]
    return rows[["variability", "confidence"]].to_numpy(np.float64)


def _bins(parts: list[npt.NDArray[np.float64]]) -> list[tuple[float, float, int, float]]:
    """(variability, confidence, examples, share) of the bins that have examples."""
    points_N2 = np.concatenate(parts)
    variability_N, confidence_N = points_N2.T
    counts, x_edges, y_edges = np.histogram2d(
        variability_N, confidence_N, bins=NUM_BINS, range=((0.0, MAX_VARIABILITY), (0.0, 1.0))
    )
    x_mid, y_mid = ((edges[1:] + edges[:-1]) / 2 for edges in (x_edges, y_edges))
    return [
        (float(x_mid[x]), float(y_mid[y]), int(counts[x, y]), 100 * counts[x, y] / len(points_N2))
        for x, y in zip(*np.nonzero(counts), strict=True)
    ]
