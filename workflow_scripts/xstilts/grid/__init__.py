"""The expanded study: all models, predictions and scores, and the identity of each."""

from xstilts.grid.grid import Grid

__all__ = ["Grid"]
