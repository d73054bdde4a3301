"""The model of a stage as this project computes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xstilts.models.encoder import load_encoder
from xstilts.models.heads import load_head, read_index

if TYPE_CHECKING:
    from pathlib import Path

    from xstilts.models.head import BaseHead
    from xstilts.models.heads import HeadSpec


@dataclass(frozen=True, kw_only=True)
class Trained:
    """Encoder and head."""

    encoder: Any
    name: str = ""
    """Name of its head; empty for a bare encoder."""
    spec: HeadSpec | None = None
    head: BaseHead | None = None

    @property
    def kind(self) -> str:
        """Kind of the head; empty for a bare encoder."""
        return self.spec.kind if self.spec else ""


def load_trained(folder: Path, head: str) -> Trained:
    """Load the model of a stage in fp32; adapters are merged into the weights of their parent.

    Args:
        folder: the folder of its manifest.
        head: name of the head; empty for the encoder alone.

    Raises:
        UserError: a weight is missing.
    """
    encoder = load_encoder(folder).eval()
    if not head:
        return Trained(encoder=encoder)
    spec, loaded = read_index(folder)[head], load_head(folder, head, encoder.config)
    return Trained(encoder=encoder, name=head, spec=spec, head=loaded.eval())
