"""Rule import_base: a base model from a folder or the hub."""

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs import job
from xstilts.paths import product, study_root
from xstilts.stages.base import import_base

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(
    product(snakemake.output[0]),
    snakemake.log[0],
    study_root(snakemake.output[0]),
    network=True,
):
    import_base(
        snakemake.params.identity,
        tokenizer=Path(snakemake.output.tokenizer),
        model=Path(snakemake.output.model),
    )
