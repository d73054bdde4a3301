"""Options and result of the encoding functions of all kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa

    from xstilts.config.recipe import Truncation


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenOptions:
    """Settings of tokenisation."""

    labels: tuple[str, ...]
    """Label names in class order; empty for kinds without labels."""
    max_length: int
    """Maximum length of a sequence in tokens, special tokens included."""
    doc_stride: int
    """Tokens between the starts of consecutive windows over a long context (span only)."""
    truncation: Truncation = "context"
    """Text that a sequence of more than ``max_length`` tokens loses (multiple choice only)."""
    max_query_length: int = 64
    """Maximum length of a question in tokens (span only)."""


class Encoded(NamedTuple):
    """The sequences of a batch of examples."""

    batch: pa.RecordBatch
    truncated: int
    """Number of examples that were truncated."""
