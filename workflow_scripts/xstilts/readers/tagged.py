"""Tagged words, one per line, with a blank line between sentences (CoNLL's two columns)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import UserError, unknown
from xstilts.readers.lines import numbered_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

_NO_FORM = "_"
_DOCUMENT = "-DOCSTART-"
"""Marks the beginning of a document in CoNLL-2003."""


def read_tagged(
    paths: Sequence[Path],
    language: str,
    *,
    labels: Sequence[str],
    renamed: Mapping[str, str] | None = None,
    columns: Sequence[int] = (),
) -> Iterator[Row]:
    """Yield sentences with one tag per word.

    * ``word<TAB>tag`` (XTREME's processed PAN-X);
    * ``xx:word<TAB>tag``, with the language before each word (WikiANN as released), detected by
      the first word of the file;
    * ``word tag`` (MasakhaNER, MasakhaPOS).

    With ``columns``, also files with more columns, which tabs or spaces separate (CoNLL-2003).

    Words are stripped; an empty word becomes ``_``, so that it still counts.

    Args:
        paths: files, read one after the other.
        language: the code before each word, if the file has it.
        labels: the tags of the task; empty if the data define them.
        renamed: maps tags in the files to tags of the task, where the two differ.
        columns: numbers of the columns of word and tag, from 1; empty if there are only these two.

    Yields:
        Rows in the schema "tagging"; id is the index of the sentence.

    Raises:
        UserError: a line that is not one word and one tag, an unknown tag, words of another
            language, a file without sentences, undecodable bytes.
    """
    index = 0
    for path in paths:
        before = index
        for words, tags in _sentences(path, f"{language}:", labels, renamed or {}, columns):
            yield {"id": str(index), "tokens": words, "tags": tags}
            index += 1
        if index == before:
            raise UserError(f"{path}: no sentence in it. Fetch the file again.")


def _sentences(
    path: Path,
    prefix: str,
    labels: Sequence[str],
    renamed: Mapping[str, str],
    columns: Sequence[int],
) -> Iterator[tuple[list[str], list[str]]]:
    words, tags = list[str](), list[str]()
    prefixed: bool | None = None
    for number, line in numbered_lines(path):
        if not line.strip():
            if words:
                yield words, tags
            words, tags = [], []
            continue
        where = f"{path}:{number}"
        word, tag = _numbered(line, columns, where) if columns else _columns(line, where)
        if columns and word == _DOCUMENT:
            continue
        if prefixed is None:
            prefixed = word.startswith(prefix)
        if prefixed and not word.startswith(prefix):
            raise UserError(
                f"{where}: {word!r} does not begin with {prefix!r}, as the first word of "
                "the file does. Lines of another file are mixed in; fetch it again."
            )
        tag = renamed.get(tag, tag)
        if labels and tag not in labels:
            raise unknown("tag", tag, labels, where)
        words.append((word.removeprefix(prefix) if prefixed else word).strip() or _NO_FORM)
        tags.append(tag)
    if words:
        yield words, tags


def _columns(line: str, where: str) -> tuple[str, str]:
    """Word and tag of a line."""
    columns = line.split("\t") if "\t" in line else line.rstrip(" ").split(" ")
    if len(columns) == 2:
        return columns[0], columns[1].strip()
    hint = "The file was truncated, or a word contains a space; fetch it again."
    if len(columns) == 1:
        hint = (
            "XTREME's download has no test labels, so it cannot be scored; use the original "
            "release. A truncated file looks the same."
        )
    raise UserError(f"{where}: {len(columns)} columns, expected a word and its tag. {hint}")


def _numbered(line: str, columns: Sequence[int], where: str) -> tuple[str, str]:
    """Word and tag of a line with several columns."""
    cells = line.split("\t") if "\t" in line else line.split()
    if len(cells) < max(columns):
        raise UserError(
            f"{where}: {len(cells)} columns, but the task names column {max(columns)}. The file "
            "was truncated, or the number in `columns` is wrong."
        )
    word, tag = (cells[number - 1].strip() for number in columns)
    return word, tag
