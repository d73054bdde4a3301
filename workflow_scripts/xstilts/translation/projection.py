"""Projects an answer into the translation of its context by marks that the model copies.

The answer is enclosed in marks, the context is translated, and the text between the marks in the
translation is the answer (Chen et al. 2023, Frustratingly Easy Label Projection for Cross-lingual
Transfer, arXiv 2211.15613).
"""

from __future__ import annotations

from typing import NamedTuple


class Marks(NamedTuple):
    """A pair of marks, and the forms that a model may give them in another script."""

    left: str
    right: str
    lefts: str
    rights: str


MARKS = (
    Marks("[", "]", "[［【〔", "]］】〕"),
    Marks('"', '"', '"“”„«»「『＂‟', '"“”„«»」』＂‟'),
)
"""In order of preference; the second pair is for text that contains brackets."""

_PUNCTUATION = " \t\n.,;:!?。，、；：！？।؟،"


class Span(NamedTuple):
    """A text and the offsets of its answer, in code points."""

    text: str
    start: int
    end: int


class Marked(NamedTuple):
    """A text with its answer between marks."""

    text: str
    marks: Marks


def mark(text: str, start: int, end: int) -> Marked | None:
    """Enclose the answer in marks; None if the text already contains marks of every pair."""
    for marks in MARKS:
        if not set(text) & set(marks.lefts + marks.rights):
            marked = f"{text[:start]}{marks.left}{text[start:end]}{marks.right}{text[end:]}"
            return Marked(marked, marks)
    return None


def unmark(text: str, marks: Marks) -> Span | None:
    """Remove the marks from a translated text; returns it with the answer between them.

    None unless the text has exactly one pair of marks, with text between them.
    """
    positions = [i for i, char in enumerate(text) if char in marks.lefts + marks.rights]
    if (
        len(positions) != 2
        or text[positions[0]] not in marks.lefts
        or text[positions[1]] not in marks.rights
    ):
        return None
    left, right = positions
    before, inside, after = text[:left], text[left + 1 : right], text[right + 1 :]
    answer = inside.strip()
    if not answer:
        return None
    # the words of "in[ 1066 ]came" must not run together
    if inside[0].isspace() and before[-1:].isalnum():
        before += " "
    if inside[-1].isspace() and after[:1].isalnum():
        after = " " + after
    return Span(before + answer + after, len(before), len(before) + len(answer))


def find(context: str, answer: str, near: float) -> Span | None:
    """Find an answer that was translated separately in the translated context.

    Args:
        context: the translated context.
        answer: the translated answer; its case and the punctuation around it are ignored.
        near: offset of the answer in the source context, as a share of its length: of several
            occurrences the nearest is returned.
    """
    wanted = answer.strip(_PUNCTUATION)
    if not wanted:
        return None
    starts = _occurrences(context, wanted)
    if not starts and len(context.lower()) == len(context):
        # a few capitals have longer lower-case forms, which would shift the offsets
        starts = _occurrences(context.lower(), wanted.lower())
    if not starts:
        return None
    start = min(starts, key=lambda found: abs(found - near * len(context)))
    return Span(context, start, start + len(wanted))


def _occurrences(text: str, part: str) -> list[int]:
    """Offsets of a part in a text; whole words only, if the script has word boundaries."""
    starts, at = [], text.find(part)
    while at >= 0:
        end = at + len(part)
        if not (_joined(text, at) or _joined(text, end)):
            starts.append(at)
        at = text.find(part, at + 1)
    return starts


def _joined(text: str, offset: int) -> bool:
    """True if the offset is inside a word of an alphabetic script."""
    return 0 < offset < len(text) and _alphabetic(text[offset - 1]) and _alphabetic(text[offset])


def _alphabetic(char: str) -> bool:
    """True for characters of scripts that separate words by spaces.

    Latin, Greek, Cyrillic, Hebrew, Arabic and similar scripts have lower code points than those
    without spaces, or with suffixes that join words.
    """
    return char.isalnum() and ord(char) < 0x0900
