"""Statistical inference from a study's result rows: intervals, tests and verdicts."""
