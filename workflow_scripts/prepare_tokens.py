"""Rule prepare_tokens: the tokens of one data set."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs.tokens import prepare_tokens
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

run(
    partial(
        prepare_tokens,
        snakemake.params.identity,
        data=Path(snakemake.input.data),
        tokenizer=Path(snakemake.input.tokenizer),
        tokens=Path(snakemake.output.tokens),
        manifest=Path(snakemake.output.manifest),
        max_unknown_percent=snakemake.resources.max_unknown_percent,
    ),
    output=snakemake.output[0],
    log=snakemake.log[0],
)
