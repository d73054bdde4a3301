"""What a run tells the person who started it; in Snakemake's own process, so stdlib only."""
