"""Shapes of a study's base models, without downloads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.files import read_json
from xstilts.models.shape import EncoderShape, shape_of_config
from xstilts.plan.known_models import KNOWN_MODELS

if TYPE_CHECKING:
    from xstilts.config.bases import Pretrain
    from xstilts.grid import Grid


def shape_of_base(grid: Grid, base: str) -> EncoderShape:
    """Return the shape of a base: pretrained here, in a folder, imported, or a known Hub model.

    Raises:
        UserError: the model's shape is unknown on this machine.
    """
    settings = grid.study.bases[base]
    if settings.pretrain:
        return _shape_to_build(settings.pretrain)
    folder = Path(settings.path) if settings.path else Path(grid.paths.base(base)).parent
    file = folder / "config.json"
    if not file.is_file():
        if settings.hub in KNOWN_MODELS:
            return shape_of_config(KNOWN_MODELS[settings.hub])
        wanted = "Give the folder of a checkpoint." if settings.path else (
            f"The shape of {settings.hub} is unknown without it. Import the model first: "
            f"snakemake {grid.paths.base(base)}"
        )  # fmt: skip
        raise UserError(f"bases.{base}: {file}: no such file. {wanted}")
    config = read_json(file)
    try:
        return shape_of_config(config)
    except KeyError as error:
        raise UserError(
            f"bases.{base}: {file} has no known {error.args[0]}; found model_type "
            f"{config.get('model_type')!r}. Measure this model instead: the manifest of a trained "
            "stage has its peak_memory."
        ) from None


def known_shape(grid: Grid, base: str) -> EncoderShape | None:
    """Return the shape of a base; None if it is unknown on this machine."""
    try:
        return shape_of_base(grid, base)
    except UserError:
        return None


def _shape_to_build(settings: Pretrain) -> EncoderShape:
    """Return the shape of an encoder that the study pretrains."""
    built = settings.architecture
    return EncoderShape(
        width=built.hidden_size,
        layers=built.num_layers,
        heads=built.num_heads,
        inner=built.intermediate_size,
        vocabulary=settings.vocab_size,
        positions=built.max_length + 2,
        dropout=built.dropout > 0,
    )
