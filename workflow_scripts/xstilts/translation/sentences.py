"""Splits texts into sentences, on which translation models are trained, and joins them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

# A full stop ends a sentence only before a possible beginning of one; other marks always do.
_END = re.compile(
    r"""(?<=[.!?…])["'”’»)\]]*\s+(?=["'“‘«(\[¿¡]*[^\W_a-z])|(?<=[。！？।؟۔።])["'”’»)\]]*\s*|\s*\n\s*"""
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Gen|Col|Lt|Sgt|Capt|Rev|Hon|Sr|Jr|No|Vol|Fig|Op|Mt|Ft|vs|"
    r"cf|ca|approx|e\.g|i\.e|al|Inc|Ltd|Co|Corp)|\.[A-Za-z])\.$"
)
_WITHOUT_SPACES = ("。", "！", "？")
"""Ends of sentences in scripts that put no space after them."""


class Sentence(NamedTuple):
    """A part of a text that is translated separately, and the white space after it."""

    text: str
    after: str


def split(text: str, whole: tuple[int, int] | None = None) -> list[Sentence]:
    """Split a text into sentences; their texts and separators concatenate to the text.

    Args:
        text: any text; the rules use capital letters, and marks that end sentences in scripts
            without them. Unrecognised boundaries do not split.
        whole: start and end of a span that must not be split (an answer).
    """
    sentences, start = [], 0
    for match in _END.finditer(text):
        # closing quotes and brackets belong to the sentence, the white space after it does not
        end = (
            match.start() + len(match.group().rstrip()) if match.group().strip() else match.start()
        )
        if end <= start or match.end() == len(text):
            continue
        if whole and whole[0] < match.end() and end < whole[1]:
            continue
        if "\n" not in match.group() and _ABBREVIATION.search(text, start, match.start()):
            continue
        sentences.append(Sentence(text[start:end], text[end : match.end()]))
        start = match.end()
    if start < len(text):
        sentences.append(Sentence(text[start:], ""))
    return sentences


def join(sentences: Sequence[Sentence], translations: Sequence[str]) -> str:
    """Join the translations of sentences with the original separators."""
    parts = []
    for number, (sentence, text) in enumerate(zip(sentences, translations, strict=True), start=1):
        after = sentence.after
        if number < len(sentences) and "\n" not in after:
            after = "" if text.endswith(_WITHOUT_SPACES) else after or " "
        parts += [text, after]
    return "".join(parts)
