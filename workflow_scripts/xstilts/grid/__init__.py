"""The study unrolled: which models, predictions and scores there are, and what decides each."""

from xstilts.grid.grid import Grid

__all__ = ["Grid"]
