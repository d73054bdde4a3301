"""Rule fetch_data: download files from the Hugging Face Hub, or by URL, into shared caches."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.config import load_study
from xstilts.data.release_cache import ReleaseCache
from xstilts.jobs.download import fetch_data
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

study, _ = load_study(snakemake.config, [])

run(
    partial(
        fetch_data,
        snakemake.params.identity,
        Path(study.hub_cache),
        Path(snakemake.output.manifest),
        ReleaseCache(Path(study.release_cache), study.url_mirrors),
    ),
    output=snakemake.output[0],
    log=snakemake.log[0],
    reports=True,
    network=True,
)
