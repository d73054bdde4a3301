"""Splits an English paragraph into sentences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A sentence ends with . ? or !, closing quotes or brackets, perhaps Wikipedia's notes in brackets,
# and space; the next begins with a capital or a digit, perhaps after opening quotes or brackets.
_END = re.compile(
    r"""[.?!][.?!]*        # the mark
        [)'"\u2019\u201d\]]*
        (?:\[[\w\s?]+\])*  # [citation needed], [12], [note 1]
        \s+
        (?=[\[("'\u2018\u201c]*[A-Z0-9\u00c0-\u00de])
    """,
    re.VERBOSE,
)
_TITLES = "mr mrs ms dr prof rev fr st ste lt gen col maj adm capt sgt rep gov sen pres hon messrs"
_LATIN = "e.g i.e vs v cf ca c a.k.a approx etc viz b d fl r"
_MONTHS = "jan feb mar apr jun jul aug sep sept oct nov dec mt ft"
_BEFORE_NUMBERS = frozenset("no nos vol ch art sec op pp p fig al".split())
_NEVER_LAST = frozenset(f"{_TITLES} {_LATIN} {_MONTHS}".split()) - {"etc"}
_LAST_WORD = re.compile(r"[\w.]*$")
_INITIAL = re.compile(r"(?:[A-Z]\.)*[A-Z]")
_STARTERS = re.compile(
    r"(?:The|This|These|That|It|In|On|By|As|After|During|However|Although|While|When|He|She|They|"
    r"His|Her|Their|Its|A|An|There|For|At|From|Since|Many|Some|Most)\b"
)


def sentence_breaks(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each sentence, without the space around it.

    After an abbreviation that does not end a sentence (a title, an initial before a name), the
    sentence continues. The rules resemble those of google-research/xtreme
    ``third_party/processors/sb_sed.py``, with which its dual encoder for LAReQA splits SQuAD; that
    script has more rules for single cases.
    """
    start = 0
    for found in _END.finditer(text):
        if _ends_sentence(text, found):
            yield from _stripped(text, start, found.end())
            start = found.end()
    yield from _stripped(text, start, len(text))


def _ends_sentence(text: str, found: re.Match[str]) -> bool:
    if not found.group().startswith(".") or found.group().rstrip() != ".":
        return True
    before = _LAST_WORD.search(text, 0, found.start())
    word = before.group() if before else ""
    follower = text[found.end() :]
    if word.lower() in _NEVER_LAST:
        return False
    if word.lower() in _BEFORE_NUMBERS:
        return not follower[:1].isdigit()
    # "J. R. R. Tolkien", but "in the U.S. The state"
    return not _INITIAL.fullmatch(word) or bool(_STARTERS.match(follower))


def _stripped(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    part = text[start:end]
    if part.strip():
        yield start + len(part) - len(part.lstrip()), start + len(part.rstrip())
