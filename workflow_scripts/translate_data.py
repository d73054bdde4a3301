"""Rule translate_data: a training set in another language, by a model."""

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs import job
from xstilts.paths import product, study_root
from xstilts.stages.translation import translate_data

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(
    product(snakemake.output.manifest),
    snakemake.log[0],
    study_root(snakemake.output[0]),
    network=True,
):
    translate_data(
        snakemake.params.identity,
        [Path(file) for file in snakemake.input.files],
        examples=Path(snakemake.output.examples),
        manifest=Path(snakemake.output.manifest),
        state_root=study_root(snakemake.output[0]) / "state",
        tokens_per_pass=int(snakemake.resources.tokens_per_pass),
        num_threads=int(snakemake.threads),
    )
