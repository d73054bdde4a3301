"""What the encoders of all kinds are told, and what they hand back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenOptions:
    """How a data set becomes sequences of ids."""

    labels: tuple[str, ...]
    """Label names in class order; empty for kinds without labels."""
    max_length: int
    """Longest sequence in tokens, special tokens included."""
    doc_stride: int
    """Tokens between the starts of two windows over a long context (span only)."""
    max_query_length: int = 64
    """Longest question in tokens (span only)."""


class Encoded(NamedTuple):
    """The sequences of a batch of examples."""

    batch: pa.RecordBatch
    truncated: int
    """Examples that lost text."""
