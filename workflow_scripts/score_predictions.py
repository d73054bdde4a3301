"""Rule score_predictions: the scores of one cell."""

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs import job
from xstilts.paths import product, study_root
from xstilts.stages.score import score_cell

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

root = study_root(snakemake.output.scores)
with job(product(snakemake.output.scores), snakemake.log[0], root):
    score_cell(
        snakemake.params.identity,
        study=root.name,
        cell=dict(snakemake.wildcards.items()),
        split=snakemake.params.split,
        predictions=[Path(file) for file in snakemake.input.languages],
        out=Path(snakemake.output.scores),
    )
