"""Rule score_trivial_baselines: the trivial baselines of one target."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs.trivial_baselines import score_trivial_baselines
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

run(
    partial(
        score_trivial_baselines,
        snakemake.params.identity,
        train=[Path(file) for file in snakemake.input.train],
        data=[Path(file) for file in snakemake.input.data],
        out=Path(snakemake.output.scores),
    ),
    output=snakemake.output.scores,
    log=snakemake.log[0],
    fork=False,
)
