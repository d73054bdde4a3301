"""Reads text files line by line, with line numbers for error messages."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path, PurePath


_COMPRESSED = ".gz"


def plain_suffix(path: Path | PurePath) -> str:
    """The suffix of a file without that of its compression: ``.csv`` of ``train.csv.gz``."""
    return (path.with_suffix("") if path.suffix == _COMPRESSED else path).suffix


_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)
"""An escape in JSON; ``half`` is one of the two that a character beyond U+FFFF needs."""


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    r"""(line number from 1, text without its line end) of a UTF-8 text file.

    A file that ends in ``.gz`` is decompressed. Only ``\n`` and ``\r\n`` end a line: real text
    contains U+2028, U+0085 and lone carriage returns, at which ``str.splitlines`` and text mode
    would split lines of parallel files.

    Raises:
        UserError: the file cannot be read, is empty, or has bytes that are not UTF-8.
    """
    number = 0
    try:
        with gzip.open(path) if path.suffix == _COMPRESSED else path.open("rb") as stream:
            for number, raw in enumerate(stream, start=1):
                text = _decoded(raw, f"{path}:{number}")
                if number == 1:
                    text = text.removeprefix("\ufeff")
                yield number, text.removesuffix("\n").removesuffix("\r")
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path}: cannot be read ({reason}). Fetch it again.") from None
    if not number:
        raise UserError(f"{path}: the file is empty. Fetch it again.")


def without_blank_end(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """(number, text) of lines, except blank ones after the last that is not.

    Editors, ``cat`` and exports add them. Others are yielded: they may be the example of a line.
    """
    blank: list[tuple[int, str]] = []
    for number, line in lines:
        if line.strip():
            yield from blank
            blank.clear()
            yield number, line
        else:
            blank.append((number, line))


def filled_lines(path: Path) -> Iterator[tuple[int, str]]:
    """(line number, text) of a file in which only lines at the end may be blank.

    Raises:
        UserError: as :func:`numbered_lines`; or a blank line before others, or no other line.
    """
    number = 0
    for number, line in without_blank_end(numbered_lines(path)):
        require_filled(line, path, number)
        yield number, line
    if not number:
        raise UserError(f"{path}: the file has only blank lines. Fetch it again.")


def require_filled(line: str, path: Path, number: int) -> None:
    """Raise a UserError for a blank line."""
    if not line.strip():
        raise UserError(f"{path}:{number}: the line is empty. Delete it, or fetch the file again.")


def parsed_json(text: str, path: Path, line: int | None = None) -> Any:
    """The value of a JSON text.

    Args:
        text: the text.
        path: its file, for messages.
        line: its line, if it is one of JSON lines; None for a whole file.

    Raises:
        UserError: it is not valid JSON, or a text in it is no Unicode text; names file and line.
    """

    def where(position: int) -> str:
        return f"{path}:{line if line is not None else 1 + text.count(chr(10), 0, position)}"

    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        position = f"column {error.colno}" if line else f"character {error.pos} of {len(text)}"
        raise UserError(
            f"{where(error.pos)}: not valid JSON at {position} ({error.msg}). "
            "The file may have been truncated; fetch it again."
        ) from None
    # Python limits nesting and the number of digits
    except (RecursionError, ValueError) as error:
        raise UserError(f"{where(0)}: JSON that cannot be read ({error!s:.100}).") from None
    if "\\ud" in text or "\\uD" in text:
        for found in _ESCAPE.finditer(text):
            if found["half"]:
                raise UserError(
                    f"{where(found.start())}: {found[0]} is half of a character (a surrogate "
                    "without its other half), as in a text that was cut inside an emoji. Remove "
                    "it, or fetch the file again."
                )
    return value


def json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(``file:line``, object) of each line of a JSON-lines file.

    Raises:
        UserError: the file is empty or not UTF-8, or a line is blank (unless it is at the end),
            truncated or not a JSON object.
    """
    for number, line in filled_lines(path):
        where = f"{path}:{number}"
        item = parsed_json(line, path, number)
        if not isinstance(item, dict):
            raise UserError(f"{where}: not a JSON object but {type(item).__name__}.")
        yield where, item


def _decoded(raw: bytes, where: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{where}: byte {error.start + 1} of the line (0x{raw[error.start]:02x}) is not UTF-8. "
            "The file was truncated or has another encoding; fetch it again or convert it to UTF-8."
        ) from None
