"""How many processes train the stages of a base model, checked against their recipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from xstilts.config.parallel import Parallel
    from xstilts.grid.grid import Grid


def parallel(grid: Grid, base: str) -> Parallel:
    """The processes that train a stage of a base: its own setting, or the study's."""
    return grid.study.bases[base].parallel or grid.study.parallel


def check_parallel(grid: Grid) -> None:
    """Raise where a stage cannot be trained by as many processes as it is to be.

    Raises:
        UserError: an optimiser step has fewer examples than there are processes, or the recipe
            asks for what works on a whole model only.
    """
    for base, settings in grid.study.bases.items():
        wanted = parallel(grid, base)
        if wanted.processes == 1:
            continue
        where = grid.lines.where(
            ("bases", base, "parallel") if settings.parallel else ("parallel",)
        )
        for chain, target in grid.trained_with_base(base):
            recipe = grid.recipe(base, chain, target)
            stage = f"{chain} > {target}" if target else chain
            if recipe["batch_size"] < wanted.processes:
                raise UserError(
                    f"{where}: {wanted.processes} processes, but a step of the stage {stage} of "
                    f"{base} has {recipe['batch_size']} examples, so that some would have none. "
                    f"Set processes to {recipe['batch_size']} or less, or raise batch_size."
                )
            tasks = [member.task for member in grid.members(base, chain, target)]
            pairs = [task for task in tasks if TASKS[task].kind == "ranking"]
            if pairs:
                raise UserError(
                    f"{where}: {pairs[0]} in the stage {stage} of {base} compares all pairs of a "
                    "step, which several processes do not. Set processes to 1 for this base."
                )
            if recipe.get("lora", {}).get("quantise") and wanted.mode == "fsdp":
                raise UserError(
                    f"{where}: the recipe of the stage {stage} of {base} quantises its weights, "
                    "which cannot be shared out. Use mode ddp, or leave out quantise."
                )
            if recipe["padding_free"] and wanted.mode == "fsdp":
                raise UserError(
                    f"{where}: the recipe of the stage {stage} of {base} has padding_free, which "
                    "needs the whole model in each process. Use mode ddp, or leave it out."
                )
