"""Settings that decide the predictions of a trained model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from xstilts.layers import Depth


@dataclass(frozen=True, kw_only=True, slots=True)
class PredictOptions:
    """Settings of prediction from a model's outputs."""

    head: str | None = None
    """Name of the head if it is not the task's own: XNLI is predicted by the head of MNLI. For
    kinds that compare sentence vectors, None means no head: vectors follow from ``pooling`` and
    ``depth``."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Precision of the encoder; heads and everything after them compute in fp32."""
    n_best: int = 20
    """Number of start and of end positions considered per window (span)."""
    max_answer_length: int = 30
    """Maximum length of an answer in tokens (span)."""
    max_context_stride: int | None = None
    """``doc_stride`` of the tokens, for the maximum-context rule: a start counts only in the window
    in which it has most context; None: in every window (span)."""
    null_threshold: float | None = None
    """Predict "no answer" if its score exceeds the best span's by more than this; None: always
    predict a span (span)."""
    pooling: Literal["mean", "mean_no_special", "cls"] = "mean"
    """Pooling of hidden states into a sentence vector (retrieval, mining, ranking)."""
    depth: Depth | None = None
    """Hidden state of the sentence vectors; None: all hidden states (retrieval, mining,
    ranking)."""
    similarity: Literal["cosine", "csls", "margin"] = "cosine"
    """Similarity by which candidates are chosen (retrieval)."""
    neighbourhood: int = 4
    """Number of nearest sentences whose mean cosine corrects a cosine (csls, margin, mining)."""
    direction: Literal["en-xx", "xx-en"] = "en-xx"
    """``en-xx`` searches the data's candidates for its queries, ``xx-en`` the reverse
    (retrieval)."""
    keep_repeated: bool = False
    """True if pairs with a repeated sentence are kept for all of its ids, not dropped (mining)."""
