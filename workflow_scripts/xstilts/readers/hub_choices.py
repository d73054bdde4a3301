"""Multiple-choice examples from tables, such as the hub's Parquet files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from xstilts.errors import UserError, unknown
from xstilts.readers.hub_table import FileOptions, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from xstilts.kinds import Row


def read_choices(
    paths: Sequence[Path],
    language: str,
    *,
    choices: str | Sequence[str],
    names: Sequence[str],
    context: str | None = "context",
    question: str | None = "question",
    label: str = "label",
    identifier: str | None = "id",
    opening: str | None = None,
    questions: Mapping[str, str] | None = None,
    **options: Unpack[FileOptions],
) -> Iterator[Row]:
    """Yield contexts with a question and as many choices as the label has names.

    Args:
        paths: tables, read one after the other.
        language: the language to keep where a file holds several.
        choices: the columns of the choices, or the one column that holds a list of texts or a
            struct of the lists ``label`` and ``text``.
        names: value of the label column for each choice, in the order of the choices.
        context: column of the context; None for a task without.
        question: column of the question; None for a task without.
        label: column of the label.
        identifier: column of the id; None for a running number.
        opening: column of words with which every choice begins.
        questions: maps a value of the question column to the text of the question.
        options: :class:`xstilts.readers.hub_table.FileOptions`.

    Yields:
        Examples with ``id``, ``context``, ``question``, ``choices`` and ``label`` (from 0).

    Raises:
        UserError: a damaged file, a missing column, an unknown or missing label, another
            number of choices, an empty choice, an id that occurs twice, no rows.
    """
    listed = [choices] if isinstance(choices, str) else list(choices)
    wanted = [name for name in (context, question, label, identifier, opening) if name] + listed
    seen: set[str] = set()
    for _, located, row in rows_of(paths, language, wanted, **options):
        name = str(row[identifier]) if identifier else str(len(seen))
        where = f"{located} (id {name!r})"
        if name in seen:
            raise UserError(f"{where}: an earlier row has the same id.")
        seen.add(name)
        start = str(row[opening] or "").strip() if opening else ""
        asked = row[question] if question else None
        if questions is not None and asked is not None:
            if asked not in questions:
                raise unknown("question", asked, questions, where)
            asked = questions[asked]
        yield {
            "id": name,
            "context": str(row[context] or "") if context else "",
            "question": asked,
            "choices": _choices(row, choices, names, start, where),
            "label": _number(row[label], names, where),
        }
    if not seen:
        raise UserError(f"{', '.join(map(str, paths))}: no example in {language!r}.")


def _choices(
    row: Mapping[str, Any],
    choices: str | Sequence[str],
    names: Sequence[str],
    start: str,
    where: str,
) -> list[str]:
    found = row[choices] if isinstance(choices, str) else [row[name] for name in choices]
    if isinstance(found, dict):
        by_name = dict(zip(found["label"], found["text"], strict=False))
        found = [by_name.get(name) for name in names]
    if not isinstance(found, list) or len(found) != len(names):
        raise UserError(f"{where}: choices are {found!r:.80}, expected {len(names)} texts.")
    for choice in found:
        if not isinstance(choice, str) or not choice.strip():
            raise UserError(f"{where}: a choice is {choice!r:.80}, not text.")
    return [f"{start} {choice}" if start else choice for choice in found]


def _number(value: Any, names: Sequence[str], where: str) -> int:
    name = str(value).strip()
    if name in names:
        return list(names).index(name)
    if value is None or name in ("", "-1"):
        raise UserError(
            f"{where}: no label. Test sets come without labels; use a split that has them."
        )
    raise unknown("label", name, names, where)
