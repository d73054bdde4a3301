"""What a study will take before it runs: counts, hours, disk, memory and data."""
