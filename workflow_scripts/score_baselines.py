"""Rule score_baselines: what words alone are good for on one target."""

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs import job
from xstilts.paths import product, study_root
from xstilts.stages.baselines import score_baselines

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

root = study_root(snakemake.output.scores)
with job(product(snakemake.output.scores), snakemake.log[0], root):
    score_baselines(
        snakemake.params.identity,
        train=[Path(file) for file in snakemake.input.train],
        data=[Path(file) for file in snakemake.input.data],
        out=Path(snakemake.output.scores),
    )
