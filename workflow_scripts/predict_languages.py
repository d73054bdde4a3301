"""Rules predict_TARGET: the missing languages of one cell."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.gpus import Gpus
from xstilts.jobs.predict import predict_languages
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

run(
    partial(
        predict_languages,
        snakemake.params.identity,
        model=Path(snakemake.input.model),
        data=[Path(file) for file in snakemake.input.data],
        tokens=[Path(file) for file in snakemake.input.tokens],
        out=[Path(file) for file in snakemake.output.languages],
        manifest=Path(snakemake.output.manifest),
        max_tokens=int(snakemake.resources.max_tokens),
        num_threads=int(snakemake.threads),
        gpus=Gpus(count=snakemake.resources.gpu, jobs_per_gpu=snakemake.resources.jobs_per_gpu),
    ),
    output=snakemake.output[0],
    log=snakemake.log[0],
    reports=True,
)
