"""Rule train_stage: one stage of a chain, at any position."""

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs import job
from xstilts.paths import product, study_root
from xstilts.stages.train import train_stage

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(product(snakemake.output[0]), snakemake.log[0], study_root(snakemake.output[0])):
    train_stage(
        snakemake.params.identity,
        parent=Path(snakemake.input.parent),
        tokens=[Path(file) for file in snakemake.input.tokens],
        dev=[
            (Path(tokens), Path(data))
            for tokens, data in zip(
                snakemake.input.dev_tokens, snakemake.input.dev_data, strict=True
            )
        ],
        manifest=Path(snakemake.output.manifest),
        state_root=study_root(snakemake.output[0]) / "state",
        tokens_per_pass=int(snakemake.resources.tokens_per_pass),
        num_threads=max(1, int(snakemake.threads) // int(snakemake.resources.processes)),
        gradient_checkpointing=bool(snakemake.resources.gradient_checkpointing),
        save_steps=int(snakemake.resources.save_steps),
        processes=int(snakemake.resources.processes),
        strategy=str(snakemake.resources.strategy),
    )
