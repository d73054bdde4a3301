"""What decides the predictions of a finished model, besides the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class PredictOptions:
    """How the outputs of a model become predictions."""

    head: str | None = None
    """Name of the head, if not that of the task: XNLI is predicted by the head of MNLI. Of kinds
    that compare sentence vectors, None is none: vectors are those of ``pooling`` and ``depth``."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Arithmetic of the encoder; heads and all that follows compute in fp32."""
    n_best: int = 20
    """Start and end positions considered per window (span)."""
    max_answer_length: int = 30
    """Longest answer in tokens (span)."""
    null_threshold: float | None = None
    """By how much the score of no answer must exceed the best span's; None: there is always an
    answer (span)."""
    pooling: Literal["mean", "mean_no_special", "cls"] = "mean"
    """What a sentence vector is the mean of (retrieval, mining, ranking)."""
    depth: float | None = None
    """Hidden state of the sentence vectors as a share of the layers; None: of all hidden states
    (retrieval, mining, ranking)."""
    similarity: Literal["cosine", "csls", "margin"] = "cosine"
    """By what the best candidate is chosen (retrieval)."""
    neighbourhood: int = 4
    """Nearest sentences that a cosine is set against (csls, margin and mining)."""
    direction: Literal["en-xx", "xx-en"] = "en-xx"
    """Whether the data's queries ask for its candidates, or the other way round (retrieval)."""
    keep_repeated: bool = False
    """Whether a sentence under several ids stands for all of them, or for none (mining)."""
