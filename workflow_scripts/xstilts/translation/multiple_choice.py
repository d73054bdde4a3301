"""Translation of multiple-choice examples: all texts are translated, the label is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.translation.fields import Translated, translate_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.kinds import Row
    from xstilts.translation.texts import Texts

FIELDS = ("context", "question", "choices")


def translate_rows(rows: Sequence[Row], texts: Texts) -> Translated:
    """Examples in the schema "multiple_choice" with context, question and choices translated."""
    return translate_fields(rows, texts, FIELDS)
