"""What each stage of a study needs in memory, before any of it is run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.chains import EMPTY_CHAIN
from xstilts.errors import UserError
from xstilts.files import read_json
from xstilts.grid.parallel import parallel
from xstilts.grid.recipes import token_options
from xstilts.training.memory import Adapters, Shape, estimate
from xstilts.training.rows import pays

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xstilts.config.bases import Base
    from xstilts.grid import Grid
    from xstilts.training.memory import Device

HEADER = (
    "base", "stage", "length", "weights", "gradients", "Adam", "gathered", "activations",
    "total MiB",
)  # fmt: skip


def memory_rows(
    grid: Grid, tokens_per_pass: int, device: Device, pieces: int | None = None
) -> Iterator[tuple[str, ...]]:
    """A row per base and kind of stage, in MiB; stages with the same numbers stand once.

    Of several processes, what each needs.

    Args:
        grid: the study.
        tokens_per_pass: pieces that go through the model at once.
        device: whose kernels run.
        pieces: how many different ones a stage's data have; None takes the whole vocabulary.

    Raises:
        UserError: the configuration of a base cannot be had, or is not like XLM-R's.
    """
    for base, settings in grid.study.bases.items():
        shape = _shape(base, settings)
        seen: set[tuple[str, ...]] = set()
        wanted = parallel(grid, base)
        for chain, target in grid.trained_with_base(base):
            members = grid.members(base, chain, target)
            recipe, running = grid.recipe(base, chain, target), grid.running(base, chain, target)
            length = max(token_options(grid.study, member.task)["max_length"] for member in members)
            length = min(length, shape.positions - 2)
            hidden = any(member.task in {"mlm", "tlm"} for member in members)
            adapters = _adapters(recipe.get("lora"))
            found = estimate(
                shape,
                tokens_per_pass=tokens_per_pass,
                length=length,
                device=device,
                checkpointing=bool(running["gradient_checkpointing"]),
                half=recipe["precision"] == "bf16",
                mlm_probability=recipe["mlm_probability"] if hidden else 0.0,
                adapters=adapters,
                shards=wanted.processes if wanted.mode == "fsdp" else 1,
                rows=None if hidden or adapters else _rows(shape, pieces),
            )
            parts = (
                found.weights, found.gradients, found.moments, found.gathered, found.activations,
                found.total,
            )  # fmt: skip
            numbers = (str(length), *(f"{part / 2**20:,.0f}" for part in parts))
            if numbers not in seen:
                seen.add(numbers)
                stage = "pretraining" if not target and chain == EMPTY_CHAIN else chain
                yield (base, f"{stage} > {target}" if target else stage, *numbers)


def _rows(shape: Shape, pieces: int | None) -> int | None:
    """How many piece embeddings a stage trains; None for all."""
    if pieces is None or not pays(pieces, shape.vocabulary, shape.width):
        return None
    return pieces


def _adapters(lora: dict[str, Any] | None) -> Adapters | None:
    if lora is None:
        return None
    return Adapters(
        rank=lora["rank"],
        modules=lora["modules"],
        dropout=lora["dropout"] > 0,
        quantise=lora.get("quantise"),
    )


def _shape(base: str, settings: Base) -> Shape:
    if settings.pretrain:
        return Shape.of_pretraining(settings.pretrain)
    file = Path(settings.path) / "config.json" if settings.path else _config_of_hub(settings)
    try:
        config: dict[str, Any] = read_json(file)
        return Shape.of_config(config)
    except FileNotFoundError:
        raise UserError(
            f"bases.{base}: {file}: no such file. Name a checkpoint's folder."
        ) from None
    except KeyError as error:
        raise UserError(
            f"bases.{base}: {file} has no {error}; memory is estimated for encoders like XLM-R, "
            f"found model_type {config.get('model_type')!r}. Measure this one: the manifest of a "
            "trained stage has its peak_memory."
        ) from None


def _config_of_hub(settings: Base) -> Path:
    from huggingface_hub import hf_hub_download

    assert settings.hub
    try:
        return Path(hf_hub_download(settings.hub, "config.json", revision=settings.revision))
    except Exception as error:
        raise UserError(
            f"bases: cannot get the configuration of {settings.hub!r} from the hub: {error}. "
            "Check the name and your connection, or download the model and give its path."
        ) from error
