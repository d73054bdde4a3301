"""Where an answer is after the translation of its context: marks that the model carries over.

The answer is put between marks, the context is translated, and what stands between the marks in the
translation is the answer (Chen et al. 2023, Frustratingly Easy Label Projection for Cross-lingual
Transfer, arXiv 2211.15613).
"""

from __future__ import annotations

from typing import NamedTuple


class Marks(NamedTuple):
    """A pair of marks, and what a model may make of them in another script."""

    left: str
    right: str
    lefts: str
    rights: str


MARKS = (
    Marks("[", "]", "[［【〔", "]］】〕"),
    Marks('"', '"', '"“”„«»「『＂‟', '"“”„«»」』＂‟'),
)
"""In order of preference; the second pair is for text that has brackets of its own."""

_PUNCTUATION = " \t\n.,;:!?。，、；：！？।؟،"


class Span(NamedTuple):
    """A text and the place of its answer, in code points."""

    text: str
    start: int
    end: int


class Marked(NamedTuple):
    """A text with its answer between marks."""

    text: str
    marks: Marks


def mark(text: str, start: int, end: int) -> Marked | None:
    """The text with its answer between marks; None if it has marks of every pair already."""
    for marks in MARKS:
        if not set(text) & set(marks.lefts + marks.rights):
            marked = f"{text[:start]}{marks.left}{text[start:end]}{marks.right}{text[end:]}"
            return Marked(marked, marks)
    return None


def unmark(text: str, marks: Marks) -> Span | None:
    """The translated text without its marks, and the answer that stood between them.

    None unless there is exactly one pair of marks, with something between them.
    """
    places = [i for i, char in enumerate(text) if char in marks.lefts + marks.rights]
    if (
        len(places) != 2
        or text[places[0]] not in marks.lefts
        or text[places[1]] not in marks.rights
    ):
        return None
    left, right = places
    before, inside, after = text[:left], text[left + 1 : right], text[right + 1 :]
    answer = inside.strip()
    if not answer:
        return None
    # what stood as "in[ 1066 ]came" must not run together
    if inside[0].isspace() and before[-1:].isalnum():
        before += " "
    if inside[-1].isspace() and after[:1].isalnum():
        after = " " + after
    return Span(before + answer + after, len(before), len(before) + len(answer))


def find(context: str, answer: str, near: float) -> Span | None:
    """An answer that was translated on its own, in the translated context.

    Args:
        context: the translated context.
        answer: the translated answer; its case and the punctuation around it are ignored.
        near: the place of the answer in the source context, as a share of its length: of several
            occurrences the nearest counts.
    """
    wanted = answer.strip(_PUNCTUATION)
    if not wanted:
        return None
    starts = _occurrences(context, wanted)
    if not starts and len(context.lower()) == len(context):
        # a few capitals have longer small forms; offsets would move
        starts = _occurrences(context.lower(), wanted.lower())
    if not starts:
        return None
    start = min(starts, key=lambda place: abs(place - near * len(context)))
    return Span(context, start, start + len(wanted))


def _occurrences(text: str, part: str) -> list[int]:
    """Starts of a part in a text, whole words only where the script has word boundaries."""
    starts, at = [], text.find(part)
    while at >= 0:
        end = at + len(part)
        if not (_joined(text, at) or _joined(text, end)):
            starts.append(at)
        at = text.find(part, at + 1)
    return starts


def _joined(text: str, place: int) -> bool:
    """Whether a word of an alphabet goes on across this place."""
    return 0 < place < len(text) and _alphabetic(text[place - 1]) and _alphabetic(text[place])


def _alphabetic(char: str) -> bool:
    """Whether a character belongs to words that are written apart.

    Latin, Greek, Cyrillic, Hebrew, Arabic and the like are below the scripts that write words
    together or run them together with suffixes.
    """
    return char.isalnum() and ord(char) < 0x0900
