"""The report: one HTML file that shows a study's tables, opened from disk without a network."""
