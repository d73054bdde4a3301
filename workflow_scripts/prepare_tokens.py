"""Rule prepare_tokens: the word pieces of one data set."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs import run
from xstilts.stages.tokens import prepare_tokens

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
    ),
    output=snakemake.output[0],
    log=snakemake.log[0],
)
