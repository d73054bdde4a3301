"""How sure the numbers of a study are: intervals, tests and verdicts from its result rows."""
