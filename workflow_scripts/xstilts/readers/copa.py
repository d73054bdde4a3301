"""COPA and XCOPA: a premise and two alternatives, as JSON lines or in COPA's original XML."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from xstilts.errors import UserError, unknown
from xstilts.readers.choices import Examples, label_of, text_of, value_of
from xstilts.readers.lines import json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

# google-research/xtreme, third_party/run_xcopa.py: in English for premises of every language
QUESTIONS = {"cause": "What was the cause?", "effect": "What was the effect?"}

_TEXTS = {"p": "premise", "a1": "choice1", "a2": "choice2"}


def read_copa(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Yield premises with two alternatives: COPA (XML), SuperGLUE's COPA and XCOPA (JSON lines).

    The question is in English for every language. Ids are the release's, so that the
    languages of XCOPA share them.

    Args:
        paths: files, read one after the other.
        language: not used; a file has one language.

    Yields:
        Rows in the schema "multiple_choice".

    Raises:
        UserError: a truncated or empty file, a missing key, an unknown question, an unknown or
            missing label; names file and line.
    """
    examples = Examples(num_choices=2)
    for path in paths:
        is_xml = path.suffix == ".xml"
        for where, item in _items(path) if is_xml else json_lines(path):
            asks_for = text_of(item, "question", where)
            if asks_for not in QUESTIONS:
                raise unknown("question", asks_for, QUESTIONS, where)
            label = value_of(item, "label", where)
            yield examples.row(
                where,
                str(value_of(item, "idx", where)),
                text_of(item, "premise", where),
                QUESTIONS[asks_for],
                [text_of(item, choice, where) for choice in ("choice1", "choice2")],
                # COPA counts from 1, SuperGLUE and XCOPA from 0
                label_of(label, ("1", "2") if is_xml else ("0", "1"), where),
            )


def _items(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(``file:line``, item with the keys of SuperGLUE) of COPA's XML."""
    parser = expat.ParserCreate()
    items = _Items(path, parser)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from None
    if not content:
        raise UserError(f"{path}: the file is empty. Fetch it again.")
    try:
        parser.Parse(content, True)
    except UserError:
        raise
    except expat.ExpatError as error:
        raise UserError(
            f"{path}:{error.lineno}: not valid XML ({expat.ErrorString(error.code)}). "
            "The file was truncated or is in another encoding; fetch it again."
        ) from None
    # of the declaration in the first line
    except (LookupError, ValueError) as error:
        raise UserError(
            f"{path}:1: an encoding that cannot be read ({error!s:.100}). Fetch it again."
        ) from None
    if not items.found:
        raise UserError(f"{path}: no <item> in it. COPA's XML has one for each question.")
    yield from items.found


@dataclass
class _Items:
    """Collects the items of COPA's XML with the lines on which they start."""

    path: Path
    parser: expat.XMLParserType
    found: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _text: str | None = None

    def __post_init__(self) -> None:
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        where = f"{self.path}:{self.parser.CurrentLineNumber}"
        if name == "item":
            item = {
                "idx": value_of(attributes, "id", where),
                "question": value_of(attributes, "asks-for", where),
                "label": value_of(attributes, "most-plausible-alternative", where),
            }
            self.found.append((where, item))
        elif name in _TEXTS and self.found:
            self._text = ""

    def _characters(self, data: str) -> None:
        if self._text is not None:
            self._text += data

    def _end(self, name: str) -> None:
        if self._text is not None and name in _TEXTS:
            self.found[-1][1][_TEXTS[name]] = self._text.strip()
            self._text = None
