"""Rule translate_data: a training set translated into another language by a model."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.gpus import Gpus
from xstilts.jobs.translation import translate_data
from xstilts.paths import study_root
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

run(
    partial(
        translate_data,
        snakemake.params.identity,
        [Path(file) for file in snakemake.input.files],
        examples=Path(snakemake.output.examples),
        manifest=Path(snakemake.output.manifest),
        state_root=study_root(snakemake.output[0]) / "state",
        max_tokens=int(snakemake.resources.max_tokens),
        num_threads=int(snakemake.threads),
        gpus=Gpus(count=snakemake.resources.gpu, jobs_per_gpu=snakemake.resources.jobs_per_gpu),
    ),
    output=snakemake.output.manifest,
    log=snakemake.log[0],
    network=True,
)
