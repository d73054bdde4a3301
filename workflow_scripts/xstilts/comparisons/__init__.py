"""Comparisons: tables made from the scores and predictions of a study, one module per table."""
