"""Translation of classification examples: both texts are translated, the label is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.translation.fields import Translated, translate_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.kinds import Row
    from xstilts.translation.texts import Texts

FIELDS = ("text_a", "text_b")


def translate_rows(rows: Sequence[Row], texts: Texts) -> Translated:
    """Examples in the schema "classification" with both texts translated."""
    return translate_fields(rows, texts, FIELDS)
