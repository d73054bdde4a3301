"""CommonsenseQA's release: JSON lines with a question and five lettered choices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.readers.choices import Examples, label_of, text_of, value_of
from xstilts.readers.lines import json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

_LETTERS = ("A", "B", "C", "D", "E")


def read_commonsenseqa(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Yield questions without a context, with five choices each.

    Args:
        paths: files, read one after the other.
        language: not used; a file has one language.

    Yields:
        Rows in the schema "multiple_choice"; the context is empty.

    Raises:
        UserError: a truncated or empty file, a missing key, an unknown or missing label; names
            file and line.
    """
    examples = Examples(num_choices=len(_LETTERS))
    for path in paths:
        for where, item in json_lines(path):
            question = value_of(item, "question", where)
            if not isinstance(question, dict):
                raise UserError(
                    f"{where}: question is {question!r:.60}, not an object with a stem."
                )
            if "answerKey" not in item:
                raise UserError(
                    f"{where}: no key 'answerKey'. Test sets come without it; use a split that has "
                    "labels."
                )
            yield examples.row(
                where,
                text_of(item, "id", where),
                "",
                text_of(question, "stem", where),
                _choices(question, where),
                label_of(item["answerKey"], _LETTERS, where),
            )


def _choices(question: Mapping[str, Any], where: str) -> list[str]:
    """The choices in the order of their letters, which need not be that of the file."""
    entries = value_of(question, "choices", where)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UserError(f"{where}: choices is {entries!r:.60}, not a list of objects.")
    by_letter = {text_of(entry, "label", where): text_of(entry, "text", where) for entry in entries}
    if sorted(by_letter) != list(_LETTERS) or len(entries) != len(_LETTERS):
        raise UserError(
            f"{where}: the choices are lettered {', '.join(by_letter)}, expected "
            f"{', '.join(_LETTERS)}. The line is damaged."
        )
    return [by_letter[letter] for letter in _LETTERS]
