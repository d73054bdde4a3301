"""SIB-200 as retrieval: the sentences of all splits in English and in another language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.readers.bitext import english_queries
from xstilts.readers.hub_table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

_ENGLISH = "eng_Latn"
_INDEX, _TEXT = "index_id", "text"


def read_sib200_pairs(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Yield foreign candidates, then English queries in sorted order, as for Tatoeba.

    Sentences are aligned by ``index_id`` and candidates are in its order, so that a candidate's id
    is the same sentence in all languages.

    Args:
        paths: the tables of all splits in the folder ``eng_Latn`` and in that of another language.
        language: the other language, for messages.

    Yields:
        Rows in the schema "retrieval".

    Raises:
        UserError: one of the languages has no tables or lacks sentences of the other; a missing
            column or a damaged row.
    """
    english = _sentences([path for path in paths if path.parent.name == _ENGLISH])
    foreign = _sentences([path for path in paths if path.parent.name != _ENGLISH])
    if lacking := sorted(english.keys() ^ foreign.keys(), key=int):
        raise UserError(
            f"{', '.join(map(str, paths))}: {len(lacking)} sentences are only in English or only "
            f"in {language!r}, first {_INDEX} {lacking[0]}. Fetch the tables of both again."
        )
    order = sorted(english, key=int)
    yield from english_queries([foreign[i] for i in order], [english[i] for i in order])


def _sentences(paths: Sequence[Path]) -> dict[str, str]:
    """The sentences of tables by index."""
    found: dict[str, str] = {}
    for path in paths:
        with Table(path) as table:
            for where, row in table.rows((_INDEX, _TEXT)):
                index, text = row[_INDEX], row[_TEXT].strip()
                if not index.isdecimal() or index in found or not text:
                    raise UserError(
                        f"{where}: {_INDEX} {index!r} is no number or occurs twice, or the "
                        "sentence is empty. The file is damaged; fetch it again."
                    )
                found[index] = text
    return found
