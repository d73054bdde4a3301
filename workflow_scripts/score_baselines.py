"""Rule score_baselines: what words alone are good for on one target."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs import run
from xstilts.stages.baselines import score_baselines

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

run(
    partial(
        score_baselines,
        snakemake.params.identity,
        train=[Path(file) for file in snakemake.input.train],
        data=[Path(file) for file in snakemake.input.data],
        out=Path(snakemake.output.scores),
    ),
    output=snakemake.output.scores,
    log=snakemake.log[0],
    fork=False,
)
