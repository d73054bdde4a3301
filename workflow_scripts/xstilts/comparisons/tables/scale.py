"""The gain of each strategy by the size of the base model."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from xstilts.comparisons.base import Comparison
from xstilts.comparisons.effects import BASELINE, TRAINED
from xstilts.numbers import difference, interval
from xstilts.results.pivot import Summary, block_of
from xstilts.results.tables import AVERAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from xstilts.comparisons.base import StudyResults
    from xstilts.grid import Grid
    from xstilts.results.render import Header

SCALE_SCHEMA = pa.schema(
    [
        # the family is the name up to the first hyphen: xlmr-base, xlmr-large
        *((name, pa.string()) for name in ("family", "model")),
        # weights of the encoder, without heads and adapters
        ("parameters", pa.int64()),
        *((name, pa.string()) for name in ("strategy", "target")),
        *((name, pa.float64()) for name in ("delta", "low", "high")),
        ("num_seeds", pa.int64()),
        ("verdict", pa.string()),
        ("uncertainty", pa.string()),
    ]
)


def num_parameters(folder: Path) -> int | None:
    """Number of weights in a model's files, without heads; None if there are no files.

    Read from the headers of the files: eight bytes of length, then JSON with the shapes.

    Source: https://github.com/huggingface/safetensors, "Format".
    """
    files = [file for file in folder.glob("model*.safetensors") if file.is_file()]
    total = 0
    for file in files:
        with file.open("rb") as stream:
            header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
        header.pop("__metadata__", None)
        total += sum(math.prod(tensor["shape"]) for tensor in header.values())
    return total if files else None


def scale_table(effects: pd.DataFrame, parameters: Mapping[str, int]) -> pd.DataFrame:
    """One row per base model of known size, strategy and target (averages too), small models first.

    Args:
        effects: from ``effect_table``.
        parameters: base model to its number of weights.
    """
    rows = effects[effects["model"].isin(list(parameters)) & (effects["verdict"] != BASELINE)]
    family = rows["model"].astype(str).str.split("-").str[0]
    rows = rows.assign(parameters=rows["model"].map(dict(parameters)), family=family)
    rows = rows.sort_values(["family", "parameters"], kind="stable")
    return rows[SCALE_SCHEMA.names].reset_index(drop=True)


def scale_summary(table: pd.DataFrame, header: Header) -> Summary:
    """Strategies by base models with their sizes: the averages over targets."""
    text = (
        f"Gain: mean of a strategy minus that of `{header.baseline}`, over targets, in points, "
        "with its 95 % interval. Each model is compared with its own baseline. Weights: number of "
        "parameters of the encoder. All targets are in scale.csv."
    )
    blocks = []
    for average in (AVERAGE, TRAINED):
        rows = table[table["target"] == average]
        if rows.empty:
            continue
        entries = []
        for model, found in rows.groupby("model", sort=False):
            family, size = found["family"].iloc[0], int(found["parameters"].iloc[0])
            entry = {"model": str(model), "family": family, "weights": millions(size)}
            for _, row in found.iterrows():
                gain = f"{difference(row['delta'])} {interval(row['low'], row['high'])}"
                entry[row["strategy"]] = gain
            entries.append(entry)
        blocks.append(block_of(entries, average))
    return Summary(title="gain by model size", text=text, blocks=tuple(blocks))


def millions(size: int) -> str:
    """``560 M``; tenths for small models."""
    return f"{size / 1e6:,.1f} M" if size < 1e7 else f"{size / 1e6:,.0f} M"


def parameters(grid: Grid) -> dict[str, int]:
    """Base model to its number of weights, for the models on disk."""
    sizes = {base: num_parameters(Path(grid.paths.base(base)).parent) for base in grid.study.bases}
    return {base: size for base, size in sizes.items() if size is not None}


def _build(results: StudyResults) -> pd.DataFrame:
    return scale_table(results.effects, parameters(results.grid))


COMPARISON = Comparison(
    rows="each strategy minus the baseline, by number of weights of the base model; with a figure",
    schema=SCALE_SCHEMA,
    build=_build,
    summarise=scale_summary,
    order=5,
)
