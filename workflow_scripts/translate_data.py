"""Rule translate_data: a training set in another language, by a model."""

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.gpus import Gpus
from xstilts.jobs import job
from xstilts.paths import product, study_root
from xstilts.stages.translation import translate_data

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

root = study_root(snakemake.output[0])
name = product(snakemake.output.manifest)
with job(name, snakemake.log[0], root, network=True):
    translate_data(
        snakemake.params.identity,
        [Path(file) for file in snakemake.input.files],
        examples=Path(snakemake.output.examples),
        manifest=Path(snakemake.output.manifest),
        state_root=root / "state",
        tokens_per_pass=int(snakemake.resources.tokens_per_pass),
        num_threads=int(snakemake.threads),
        gpus=Gpus(count=snakemake.resources.gpu, jobs_per_gpu=snakemake.resources.jobs_per_gpu),
    )
