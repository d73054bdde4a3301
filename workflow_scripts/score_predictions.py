"""Rule score_predictions: the scores of one cell."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs.score import score_cell
from xstilts.paths import study_root
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

root = study_root(snakemake.output.scores)
run(
    partial(
        score_cell,
        snakemake.params.identity,
        study=root.name,
        cell=dict(snakemake.wildcards.items()),
        split=snakemake.params.split,
        predictions=[Path(file) for file in snakemake.input.languages],
        out=Path(snakemake.output.scores),
    ),
    output=snakemake.output[0],
    log=snakemake.log[0],
)
