"""Rule import_base: a base model from a folder or the Hub."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs.base import import_base
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

run(
    partial(
        import_base,
        snakemake.params.identity,
        tokenizer=Path(snakemake.output.tokenizer),
        model=Path(snakemake.output.model),
    ),
    output=snakemake.output[0],
    log=snakemake.log[0],
    network=snakemake.params.identity["hub"] is not None,
)
