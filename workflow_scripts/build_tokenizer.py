"""Rule build_tokenizer: a tokenizer from pretraining text."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs.tokens import build_tokenizer
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

run(
    partial(
        build_tokenizer,
        snakemake.params.identity,
        [Path(file) for file in snakemake.input.manifests],
        Path(snakemake.output.manifest),
    ),
    output=snakemake.output[0],
    log=snakemake.log[0],
)
