"""Reads text and JSON files of a submission; errors name the line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.readers.lines import numbered_lines

if TYPE_CHECKING:
    from pathlib import Path


def whole_text(path: Path) -> str:
    """The text of a UTF-8 file, read as a whole: these files have millions of short lines.

    Raises:
        UserError: the file cannot be read, is empty, or has bytes that are not UTF-8.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    if not text.strip():
        for _ in numbered_lines(path):  # raises an error that names the line of an invalid byte
            pass
        raise UserError(f"{path}: the file has only blank lines. Write it again.")
    return text.removeprefix("\ufeff")


def stripped_lines(path: Path) -> list[str]:
    """The lines of a file without white space around them; line n is at index n - 1.

    Raises:
        UserError: as :func:`whole_text`.
    """
    lines = whole_text(path).removesuffix("\n").split("\n")
    return [line.strip() for line in lines]


def load_json(path: Path, repeated: list[str] | None = None) -> Any:
    """The value in a JSON file.

    Args:
        path: the file.
        repeated: list to which keys are added that an object has twice; the last value counts.

    Raises:
        UserError: as :func:`whole_text`, or not JSON.
    """

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if repeated is not None and len(found) < len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                (repeated.append if key in seen else seen.add)(key)
        return found

    hook = collect if repeated is not None else None
    try:
        return json.loads(whole_text(path), object_pairs_hook=hook)
    except json.JSONDecodeError as error:
        raise UserError(
            f"{path}:{error.lineno}: not valid JSON: {error.msg} (column {error.colno}). The file "
            "may have been truncated; write it again."
        ) from None


def line_of(path: Path, key: str) -> str:
    """``file:line`` of a key in a JSON file, for messages; only the file if it is not found."""
    for ascii_only in (False, True):
        text = json.dumps(key, ensure_ascii=ascii_only)
        for number, line in numbered_lines(path):
            if text in line:
                return f"{path}:{number}"
    return str(path)


def check_keys(labels: Path, predictions: Path, gold: list[str], found: dict[str, Any]) -> None:
    """Check that there is one prediction for each gold id, and no other.

    Raises:
        UserError: an id without prediction, which the official script would count as wrong, or a
            prediction without gold, which it would ignore.
    """
    if absent := [example for example in gold if example not in found]:
        raise UserError(
            f"{predictions}: no prediction for id {absent[0]!r} ({line_of(labels, absent[0])}); "
            f"{len(absent)} of {len(gold)} are missing. Predict it; an empty answer is allowed."
        )
    if extra := found.keys() - set(gold):
        first = next(key for key in found if key in extra)
        raise UserError(
            f"{line_of(predictions, first)}: id {first!r} is not in {labels}; {len(extra)} of "
            f"{len(found)} predictions have no gold. Remove them, or use the right labels."
        )
