"""Translates the text columns of examples; the other columns are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xstilts.kinds import Row
    from xstilts.translation.texts import Texts


class Translated(NamedTuple):
    """A translated training set."""

    rows: list[Row]
    lost: dict[str, int]
    """Number of dropped examples by reason."""
    facts: dict[str, Any]
    """Further counts for the manifest."""


def texts_of(value: str | Sequence[str] | None) -> Sequence[str]:
    """The texts of a column: one, a list of them, or none."""
    return [value] if isinstance(value, str) else value or []


def is_blank(value: str | Sequence[str] | None, original: str | Sequence[str] | None) -> bool:
    """True if a non-empty text became an empty one."""
    pairs = zip(texts_of(value), texts_of(original), strict=True)
    return any(source.strip() and not text.strip() for text, source in pairs)


def translate_fields(rows: Sequence[Row], texts: Texts, fields: Sequence[str]) -> Translated:
    """Translate text columns of examples; examples with an empty translation are dropped.

    Args:
        rows: examples.
        texts: the translator.
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
