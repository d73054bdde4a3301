"""Data-parallel settings of each base model, validated against the recipes of its stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import UserError

if TYPE_CHECKING:
    from xstilts.config.parallel import Parallel
    from xstilts.grid.stages import Stages


def parallel(stages: Stages, base: str) -> Parallel:
    """Return the data-parallel settings of a base: its own, or the study's."""
    return stages.study.bases[base].parallel or stages.study.parallel


def check_parallel(stages: Stages) -> None:
    """Check that each stage can be trained by the configured number of processes.

    Raises:
        UserError: an optimiser step has fewer examples than processes, or the recipe uses a feature
            that needs the whole model in one process.
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
                    f"{base} has only {recipe['batch_size']} examples. "
                    f"Set processes to {recipe['batch_size']} or less, or raise batch_size."
                )
            tasks = [member.task for member in stages.members(base, chain, target)]
            pairs = [task for task in tasks if stages.study.known_tasks[task].kind == "ranking"]
            if pairs:
                raise UserError(
                    f"{where}: {pairs[0]} in the stage {stage} of {base} compares all pairs of a "
                    "step, which needs a single process. Set processes to 1 for this base."
                )
            if recipe.get("lora", {}).get("quantise") and wanted.mode == "fsdp":
                raise UserError(
                    f"{where}: the recipe of the stage {stage} of {base} quantises its weights, "
                    "which cannot be sharded. Use mode ddp, or remove quantise."
                )
            if recipe["padding_free"] and wanted.mode == "fsdp":
                raise UserError(
                    f"{where}: the recipe of the stage {stage} of {base} has padding_free, which "
                    "needs the whole model in each process. Use mode ddp, or remove padding_free."
                )
