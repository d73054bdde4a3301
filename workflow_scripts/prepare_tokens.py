"""Rule prepare_tokens: the word pieces of one data set."""

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs import job
from xstilts.paths import product, study_root
from xstilts.stages.tokens import prepare_tokens

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(product(snakemake.output[0]), snakemake.log[0], study_root(snakemake.output[0])):
    prepare_tokens(
        snakemake.params.identity,
        data=Path(snakemake.input.data),
        tokenizer=Path(snakemake.input.tokenizer),
        tokens=Path(snakemake.output.tokens),
        manifest=Path(snakemake.output.manifest),
    )
