"""Rule export_submission: the predictions of one chain in XTREME's submission layout."""

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs import job
from xstilts.paths import product, study_root
from xstilts.stages.submission import export_submission

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

manifest = snakemake.output.manifest
with job(product(manifest), snakemake.log[0], study_root(manifest)):
    export_submission(
        snakemake.params.identity,
        predictions=snakemake.params.predictions,
        data=snakemake.params.data,
        manifest=Path(manifest),
    )
