"""Rule build_tokenizer: a tokenizer from pretraining text."""

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs import job
from xstilts.paths import product, study_root
from xstilts.stages.tokens import build_tokenizer

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(product(snakemake.output[0]), snakemake.log[0], study_root(snakemake.output[0])):
    build_tokenizer(
        snakemake.params.identity,
        [Path(file) for file in snakemake.input.manifests],
        Path(snakemake.output.manifest),
    )
