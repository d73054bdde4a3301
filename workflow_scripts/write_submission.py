"""Rule write_submission: the predictions of one chain in XTREME's submission layout."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs.submission import write_submission
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

run(
    partial(
        write_submission,
        snakemake.params.identity,
        predictions=snakemake.params.predictions,
        data=snakemake.params.data,
        manifest=Path(snakemake.output.manifest),
    ),
    output=snakemake.output.manifest,
    log=snakemake.log[0],
    fork=False,
)
