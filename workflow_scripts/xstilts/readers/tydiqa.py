"""TyDiQA-GoldP, as released (all languages in one file) and as written by XTREME's scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import unknown
from xstilts.readers.squad_json import read_squad

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

NAMES = {
    "ar": "arabic",
    "bn": "bengali",
    "en": "english",
    "fi": "finnish",
    "id": "indonesian",
    "ko": "korean",
    "ru": "russian",
    "sw": "swahili",
    "te": "telugu",
}
"""The name with which ids of a language start, as in ``swahili-1234-5``."""


def read_tydiqa(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Yield the questions of one language.

    The start of an id determines its language, not the name of the file: jiant's download writes
    all languages into the file of each. XTREME's processed training files reduce ids to their last
    part, a small number that is not unique; their questions are those of the file's language, and
    from the second occurrence on an id gets a suffix (``12#2``).

    Args:
        paths: files in SQuAD's layout.
        language: a language code; if it is not in ``NAMES``, all questions are in the language.

    Yields:
        Rows in the schema "span".

    Raises:
        UserError: as ``read_squad``, or no question is in the language.
    """
    others: set[str] = set()
    found, wanted = False, NAMES.get(language)
    for row in read_squad(paths, language, may_repeat=str.isdigit):
        name = row["id"].partition("-")[0]
        if wanted is None or name in (row["id"], wanted):
            found = True
            yield row
        else:
            others.add(name)
    if not found:
        where = ", ".join(map(str, paths))
        raise unknown("language of these questions", wanted, others, where)
