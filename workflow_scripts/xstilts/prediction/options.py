"""What decides the predictions of a finished model, besides the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class PredictOptions:
    """How the outputs of a model become predictions."""

    head: str | None = None
    """Name of the head, if not that of the task: XNLI is predicted by the head of MNLI."""
    n_best: int = 20
    """Start and end positions considered per window (span)."""
    max_answer_length: int = 30
    """Longest answer in pieces (span)."""
    null_threshold: float | None = None
    """By how much the score of no answer must exceed the best span's; None: there is always an
    answer (span)."""
    pooling: Literal["mean", "mean_no_special", "cls"] = "mean"
    """What a sentence vector is the mean of (retrieval)."""
