"""Training curves, downsampled for a figure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.chains import EMPTY_CHAIN, STAGE_JOINER
from xstilts.files import is_present
from xstilts.manifest import checked_file

if TYPE_CHECKING:
    from pathlib import Path

    from xstilts.report.source import Source

COLUMNS = ["model", "s", "t", "x", "v"]
"""Base model, chain before the stage, the stage, step, value."""
MOST_POINTS = 60
"""Maximum number of points of one line."""
ALL_POINTS = 20_000
"""Maximum number of points of all lines, about a megabyte of the page."""
_FEWEST_POINTS = 8


def curves(source: Source) -> pd.DataFrame:
    """Training loss by step, averaged over seeds and over neighbouring steps."""
    return _curves(source, "history.parquet", "loss")


def selections(source: Source) -> pd.DataFrame:
    """Dev metric by step, averaged over seeds and dev sets, of stages that select on one."""
    return _curves(source, "selection.parquet", "value")


def _curves(source: Source, name: str, value: str) -> pd.DataFrame:
    lines: dict[tuple[str, str, str], list[Path]] = {}
    for model, before, stage, folder in dict.fromkeys(stages_of(source)):
        if is_present(source.root / folder / name):
            lines.setdefault((model, before, stage), []).append(source.root / folder / name)
    points = int(np.clip(ALL_POINTS // max(1, len(lines)), _FEWEST_POINTS, MOST_POINTS))
    rows = [
        (*line, step, mean)
        for line, files in lines.items()
        for step, mean in _downsample(files, value, points)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def stages_of(source: Source) -> Iterator[tuple[str, str, str, str]]:
    """(base model, chain before, stage, folder) of every model."""
    for cell in source.cells:
        before = EMPTY_CHAIN
        yield cell.model, "nothing", "base: pretraining", f"bases/{cell.model}/model"
        for folder in cell.stages:
            kind, *parts = folder.split("/")
            if kind == "target":
                yield cell.model, parts[2], f"target: {parts[3]}", folder
            elif kind == "intermediate":
                stage = parts[2].removeprefix(f"{before}{STAGE_JOINER}")
                yield cell.model, before, f"stage: {stage}", folder
                before = parts[2]


def _downsample(files: Iterable[Path], value: str, points: int) -> list[tuple[int, float]]:
    """(step, mean value) of at most ``points`` bins of the steps."""
    frames = [frame for path in files if (frame := _read(path, value)) is not None]
    steps = np.concatenate([frame[0] for frame in frames]) if frames else np.empty(0, int)
    if not len(steps):
        return []
    values = np.concatenate([frame[1] for frame in frames])
    edges = np.linspace(steps.min(), steps.max() + 1, min(points, len(np.unique(steps))) + 1)
    bins = np.digitize(steps, edges[1:-1])
    return [
        (int(steps[bins == number].mean()), float(values[bins == number].mean()))
        for number in np.unique(bins)
    ]


def _read(path: Path, value: str) -> tuple[np.ndarray, np.ndarray] | None:
    checked_file(path.with_name("manifest.json"), path.name)
    try:
        table = pq.read_table(path, columns=["step", value], partitioning=None)
    except pa.ArrowInvalid:
        return None  # truncated: the stage is running and will write it again
    return table["step"].to_numpy(), table[value].to_numpy()
