"""Rule build_tables: the tables of the study."""

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.grid import Grid
from xstilts.jobs.tables import build_tables
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

run(
    lambda: build_tables(
        Grid.load(snakemake.config, []).in_view(snakemake.wildcards.view.rstrip("/")),
        out=Path(snakemake.output.transfer[0]).parent,
    ),
    output=snakemake.output[0],
    log=snakemake.log[0],
    fork=False,
    reads=snakemake.input,
)
