"""Rules pretrain, train_intermediate and train_target: one stage of a chain."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.gpus import Gpus
from xstilts.jobs.train import train_stage
from xstilts.jobs.train_process import RuntimeSettings
from xstilts.paths import study_root
from xstilts.runner.frame import run
from xstilts.tracking import Tracking

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

run(
    partial(
        train_stage,
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
        settings=RuntimeSettings(
            max_tokens=int(snakemake.resources.max_tokens),
            num_threads=max(1, int(snakemake.threads) // int(snakemake.resources.processes)),
            gradient_checkpointing=bool(snakemake.resources.gradient_checkpointing),
            save_steps=int(snakemake.resources.save_steps),
            processes=int(snakemake.resources.processes),
            mode=str(snakemake.resources.mode),
        ),
        gpus=Gpus(count=snakemake.resources.gpu, jobs_per_gpu=snakemake.resources.jobs_per_gpu),
        tracking=Tracking(**snakemake.config.get("logging", {})),
    ),
    output=snakemake.output[0],
    log=snakemake.log[0],
    reports=True,
)
