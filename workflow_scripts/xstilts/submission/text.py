"""Reads text and JSON files of a submission; errors name the line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from xstilts.errors import UserError
from xstilts.readers.lines import numbered_lines

if TYPE_CHECKING:
    from pathlib import Path

Missing = Literal["error", "wrong"]
"""Treatment of an example without a prediction: an error, or a wrong answer."""


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


def check_keys(
    labels: Path, predictions: Path, gold: list[str], found: dict[str, Any], missing: Missing
) -> int:
    """Check that there is one prediction for each gold id, and no other.

    Args:
        labels: the label file, for messages.
        predictions: the file of predictions, for messages.
        gold: ids in the label file.
        found: predictions by id.
        missing: ``wrong`` accepts ids without a prediction.

    Returns:
        Number of gold ids without a prediction, each of which the official scripts score 0.

    Raises:
        UserError: an id without prediction, or a prediction without gold, which the official
            scripts ignore.
    """
    absent = [example for example in gold if example not in found]
    if absent and missing == "error":
        raise UserError(
            f"{predictions}: no prediction for id {absent[0]!r} ({line_of(labels, absent[0])}); "
            f"{len(absent)} of {len(gold)} are missing. Predict it (an empty answer is allowed), "
            "or give --missing wrong for the official score, which counts it as wrong."
        )
    if extra := found.keys() - set(gold):
        first = next(key for key in found if key in extra)
        raise UserError(
            f"{line_of(predictions, first)}: id {first!r} is not in {labels}; {len(extra)} of "
            f"{len(found)} predictions have no gold. Remove them, or use the right labels."
        )
    return len(absent)


def not_by_id(missing: Missing) -> str:
    """Return the reason why a file of lines cannot lack an answer, if that was asked for."""
    if missing == "error":
        return ""
    return (
        " --missing wrong cannot be applied: this task's predictions have no ids but belong to the "
        "labels of the same line, so nothing says which are missing, and the official script ends "
        "with an error too."
    )
