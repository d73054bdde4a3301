"""Rules predict_TARGET: the missing languages of one cell."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.gpus import Gpus
from xstilts.jobs.predict import predict_languages
from xstilts.paths import Paths, study_root
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

identity = snakemake.params.identity
out = [Path(file) for file in snakemake.output.languages]
paths = Paths(study_root(snakemake.output.manifest).as_posix())
run(
    partial(
        predict_languages,
        identity,
        model=Path(snakemake.input.model),
        # no inputs of the rule: if they change, the tokens do
        data=[Path(paths.data(identity["task"], file.stem, identity["split"])) for file in out],
        tokens=[Path(file) for file in snakemake.input.tokens],
        out=out,
        manifest=Path(snakemake.output.manifest),
        max_tokens=int(snakemake.resources.max_tokens),
        num_threads=int(snakemake.threads),
        gpus=Gpus(count=snakemake.resources.gpu, jobs_per_gpu=snakemake.resources.jobs_per_gpu),
    ),
    output=snakemake.output[0],
    log=snakemake.log[0],
    reports=True,
)
