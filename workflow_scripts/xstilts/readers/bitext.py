"""Parallel sentences as a retrieval task: XTREME's protocol for Tatoeba."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.readers.lines import numbered_lines, without_blank_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

_ENGLISH = ".eng"


def read_parallel(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Yield foreign candidates in file order, then English queries in sorted order.

    The English side is sorted (by code points, equal sentences in file order), as XTREME's
    ``utils_preprocess.py`` (``tatoeba_preprocess``) does, so that no method can profit from the
    order. Every query has one right candidate, the aligned line, even where the same English
    sentence occurs twice. Sentences are stripped, as there.

    Args:
        paths: two files of equal length, the English one ending in ``.eng``.
        language: the foreign language, for messages.

    Yields:
        Rows in the schema "retrieval".

    Raises:
        UserError: not one file of each side, another number of lines, an empty line.
    """
    foreign_path, english_path = _sides(paths, language)
    foreign, english = _sentences(foreign_path), _sentences(english_path)
    if len(foreign) != len(english):
        raise UserError(
            f"{foreign_path}: {len(foreign)} lines, but {english_path} has {len(english)}. Line n "
            "of one is the translation of line n of the other; one file was truncated, fetch both "
            "again."
        )
    yield from english_queries(foreign, english)


def english_queries(foreign: Sequence[str], english: Sequence[str]) -> Iterator[Row]:
    """Rows of aligned sentences: candidates in their order, then queries in sorted order."""
    for index, text in enumerate(foreign):
        yield {"id": str(index), "side": "candidate", "text": text, "matches": []}
    order = sorted(range(len(english)), key=lambda index: english[index])
    for position, index in enumerate(order):
        yield {
            "id": f"q{position}",
            "side": "query",
            "text": english[index],
            "matches": [str(index)],
        }


def _sides(paths: Sequence[Path], language: str) -> tuple[Path, Path]:
    english = [path for path in paths if path.suffix == _ENGLISH]
    foreign = [path for path in paths if path.suffix != _ENGLISH]
    if len(english) != 1 or len(foreign) != 1:
        found = ", ".join(map(str, paths)) or "none"
        raise UserError(
            f"{found}: parallel text of {language!r} needs two files, one ending in {_ENGLISH} and "
            "one in the foreign code. Add the missing file or remove the surplus ones."
        )
    return foreign[0], english[0]


def _sentences(path: Path) -> list[str]:
    sentences = []
    for number, line in without_blank_end(numbered_lines(path)):
        if not line.strip():
            raise UserError(
                f"{path}:{number}: empty line. It would pair with a sentence; fetch the file again "
                "or remove the line from both sides."
            )
        sentences.append(line.strip())
    return sentences
