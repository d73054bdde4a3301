"""Reads text files line by line, with line numbers for error messages."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path, PurePath


_COMPRESSED = ".gz"


def plain_suffix(path: Path | PurePath) -> str:
    """The suffix of a file without that of its compression: ``.csv`` of ``train.csv.gz``."""
    return (path.with_suffix("") if path.suffix == _COMPRESSED else path).suffix


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


def json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(``file:line``, object) of each line of a JSON-lines file.

    Raises:
        UserError: the file is empty or not UTF-8, or a line is truncated or not a JSON object.
    """
    for number, line in numbered_lines(path):
        where = f"{path}:{number}"
        try:
            item = json.loads(line)
        except json.JSONDecodeError as error:
            raise UserError(
                f"{where}: not valid JSON ({error.msg} at column {error.colno}). "
                "The file may have been truncated; fetch it again."
            ) from None
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
