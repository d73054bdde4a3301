"""Translates the text columns of examples; all else stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xstilts.kinds import Row
    from xstilts.translation.texts import Texts


class Translated(NamedTuple):
    """What came of a training set."""

    rows: list[Row]
    lost: dict[str, int]
    """Why examples were dropped, and how many."""
    facts: dict[str, Any]
    """Further counts for the manifest."""


def texts_of(value: str | Sequence[str] | None) -> Sequence[str]:
    """The texts of a column: one, a list of them, or none."""
    return [value] if isinstance(value, str) else value or []


def is_blank(value: str | Sequence[str] | None, original: str | Sequence[str] | None) -> bool:
    """Whether a text that says something became one that says nothing."""
    pairs = zip(texts_of(value), texts_of(original), strict=True)
    return any(source.strip() and not text.strip() for text, source in pairs)


def translate_fields(rows: Sequence[Row], texts: Texts, fields: Sequence[str]) -> Translated:
    """Examples with translated text columns; those of which a text became empty are dropped.

    Args:
        rows: examples.
        texts: translates.
        fields: columns that hold a text, a list of texts, or null.
    """
    memory = texts.translate(_all(rows, fields))
    kept: list[Row] = []
    for row in rows:
        new = {name: _translated(row[name], memory) for name in fields}
        if not any(is_blank(new[name], row[name]) for name in fields):
            kept.append({**row, **new})
    return Translated(kept, {"empty translation": len(rows) - len(kept)}, {})


def _all(rows: Iterable[Row], fields: Sequence[str]) -> Iterator[str]:
    return (text for row in rows for name in fields for text in texts_of(row[name]))


def _translated(value: Any, memory: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return memory[value]
    return value if value is None else [memory[text] for text in value]
