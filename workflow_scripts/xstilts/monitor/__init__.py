"""Progress display of a run, in Snakemake's own process; standard library only."""
