"""Queries and candidates from a table with both: retrieval, mining and ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from xstilts.errors import UserError, suggestion, unknown
from xstilts.readers.hub_table import FileOptions, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

SIDES = ("query", "candidate", "tuning_query", "tuning_candidate")
"""Sides of a sentence; the last two are of the set on which a mining threshold is chosen."""


def read_sides(
    paths: Sequence[Path],
    language: str,
    *,
    columns: Mapping[str, str],
    **options: Unpack[FileOptions],
) -> Iterator[Row]:
    """Yield the sentences of both sides: all candidates, then all queries.

    Args:
        paths: tables, read one after the other.
        language: the language to keep where a file holds several.
        columns: the columns ``id``, ``side`` (one of :data:`SIDES`), ``text`` and ``matches``: the
            ids of a query's right candidates, as a list or with spaces in between.
        options: :class:`xstilts.readers.hub_table.FileOptions`.

    Yields:
        Rows in the schema of the three kinds.

    Raises:
        UserError: a damaged file, a missing column, an unknown side, an empty text, an id that
            occurs twice, a match that is no candidate, or a side without sentences.
    """
    names = [columns[name] for name in ("id", "side", "text", "matches")]
    found: dict[str, dict[str, Row]] = {side: {} for side in SIDES}
    located: dict[tuple[str, str], str] = {}
    for _, where, row in rows_of(paths, language, names, **options):
        identifier, side, text, matches = (row[name] for name in names)
        if side not in found:
            raise unknown("side", side, SIDES, f"{where}: column {columns['side']!r}")
        identifier = str(identifier)
        if identifier in found[side]:
            first = located[side, identifier]
            raise UserError(f"{where}: {side} {identifier!r} also occurs at {first}. Remove one.")
        if not isinstance(text, str) or not text.strip():
            raise UserError(f"{where}: {columns['text']!r} is {text!r:.80}, not text.")
        listed = matches.split() if isinstance(matches, str) else matches or []
        located[side, identifier] = where
        found[side][identifier] = {
            "id": identifier,
            "side": side,
            "text": text,
            "matches": [str(match) for match in listed] if side.endswith("query") else [],
        }
    for prefix in ("", "tuning_"):
        candidates, queries = found[f"{prefix}candidate"], found[f"{prefix}query"]
        if bool(candidates) != bool(queries) or not (prefix or queries):
            files = ", ".join(map(str, paths))
            raise UserError(f"{files}: a {prefix}query and a {prefix}candidate are needed.")
        for identifier, query in queries.items():
            for match in query["matches"]:
                if match not in candidates:
                    raise UserError(
                        f"{located[query['side'], identifier]}: no candidate has the id {match!r}, "
                        f"which this query matches.{suggestion(match, list(candidates)[:1000])}"
                    )
        yield from candidates.values()
        yield from queries.values()
