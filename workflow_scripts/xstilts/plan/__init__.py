"""Estimates for a study before it runs: counts, hours, disk, memory and data."""
