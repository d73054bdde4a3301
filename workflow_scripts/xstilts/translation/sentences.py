"""Texts in sentences, as translation models are trained, and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

# A full stop ends a sentence only before what may begin one; other marks always do.
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
    """A part of a text that is translated on its own, and what stands between it and the next."""

    text: str
    after: str


def split(text: str, whole: tuple[int, int] | None = None) -> list[Sentence]:
    """The sentences of a text; joined with what stands after each, they are the text again.

    Args:
        text: any text; the rules are those of scripts with capital letters, and of marks that end
            sentences in others. What is not recognised stays one sentence.
        whole: start and end of a span that must not be divided (an answer).
    """
    sentences, start = [], 0
    for match in _END.finditer(text):
        # closing quotes and brackets belong to the sentence, white space between two to none
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
    """The translated text: the translation of each sentence, with what stood after it."""
    parts = []
    for number, (sentence, text) in enumerate(zip(sentences, translations, strict=True), start=1):
        after = sentence.after
        if number < len(sentences) and "\n" not in after:
            after = "" if text.endswith(_WITHOUT_SPACES) else after or " "
        parts += [text, after]
    return "".join(parts)
