"""How many processes train the stages of a base model, checked against their recipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from xstilts.config.parallel import Parallel
    from xstilts.grid.stages import Stages


def parallel(stages: Stages, base: str) -> Parallel:
    """The processes that train a stage of a base: its own setting, or the study's."""
    return stages.study.bases[base].parallel or stages.study.parallel


def check_parallel(stages: Stages) -> None:
    """Raise where a stage cannot be trained by as many processes as it is to be.

    Raises:
        UserError: an optimiser step has fewer examples than there are processes, or the recipe
            asks for what works on a whole model only.
    """
    for base, settings in stages.study.bases.items():
        wanted = parallel(stages, base)
        if wanted.processes == 1:
            continue
        where = stages.lines.where(
            ("bases", base, "parallel") if settings.parallel else ("parallel",)
        )
        for chain, target in stages.trained_with_base(base):
            recipe = stages.recipe(base, chain, target)
            stage = f"{chain} > {target}" if target else chain
            if recipe["batch_size"] < wanted.processes:
                raise UserError(
                    f"{where}: {wanted.processes} processes, but a step of the stage {stage} of "
                    f"{base} has {recipe['batch_size']} examples, so that some would have none. "
                    f"Set processes to {recipe['batch_size']} or less, or raise batch_size."
                )
            tasks = [member.task for member in stages.members(base, chain, target)]
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
