"""Lexical categories of Combinatory Categorial Grammar: CCGbank's trees, and tables of C&C."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.readers.lines import numbered_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

_ID = re.compile(r"ID=(\S+)(?: .*)?")
# An inner node "(<T category head children>", a leaf "(<L category tag tag word category>)", or ")"
_NODE = re.compile(
    r"\s*(?:(?P<inner>\(<T (\S+) ([01]) ([12])>)"
    r"|\(<L (?P<category>\S+) (\S+) (\S+) (?P<word>\S+) (\S+)>\)"
    r"|(?P<end>\)))"
)

_Sentence = tuple[str, list[str], list[str]]
"""Id, words and categories."""


def read_categories(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Yield sentences with the lexical category (supertag) of each word.

    * ``.auto``: CCGbank's derivations, alternating lines ``ID=...`` and tree;
    * any other name: a sentence per line, ``word|POS|category`` per word, as the C&C tools write
      them (``wsj02-21.stagged``); lines that begin with ``# `` are comments.

    Words stay as the treebank has them (``-LRB-`` for a bracket).

    Args:
        paths: files, read one after the other.
        language: the language of the files, which is English; not used.

    Yields:
        Rows in the schema "tagging"; id is CCGbank's, or file stem and line.

    Raises:
        UserError: an incomplete tree, a word without its parts, a category with unbalanced
            brackets, an id that occurs twice, a file without sentences, undecodable bytes.
    """
    first_seen: dict[str, Path] = {}
    for path in paths:
        sentences = _derivations(path) if path.suffix == ".auto" else _table(path)
        before = len(first_seen)
        for identifier, words, categories in sentences:
            if identifier in first_seen:
                raise UserError(
                    f"{path}: sentence {identifier!r} also occurs in {first_seen[identifier]}. "
                    "Predictions are keyed by id; was the same section copied twice?"
                )
            first_seen[identifier] = path
            # wsj_0001.2 is the second sentence of the article wsj_0001
            article = identifier.partition(".")[0] if path.suffix == ".auto" else None
            yield {"id": identifier, "tokens": words, "tags": categories, "cluster": article}
        if len(first_seen) == before:
            raise UserError(f"{path}: no sentence in it. Copy the file again.")


def _derivations(path: Path) -> Iterator[_Sentence]:
    identifier: str | None = None
    number = 0
    for number, line in numbered_lines(path):
        where = f"{path}:{number}"
        if identifier is None and not line.strip():
            continue
        if match := _ID.fullmatch(line):
            if identifier is not None:
                raise UserError(f"{where}: {identifier!r} has no tree. Copy the file again.")
            identifier = match[1]
        elif identifier is None:
            raise UserError(f"{where}: expected 'ID=...', found {line[:40]!r}.")
        else:
            words, categories = _leaves(line, where)
            yield identifier, words, categories
            identifier = None
    if identifier is not None:
        raise UserError(f"{path}:{number}: {identifier!r} has no tree: the file was truncated.")


def _leaves(tree: str, where: str) -> tuple[list[str], list[str]]:
    """Words and categories of a derivation, which must be complete."""
    words, categories = list[str](), list[str]()
    depth, position, tree = 0, 0, tree.rstrip()
    while position < len(tree):
        match = _NODE.match(tree, position)
        if match is None:
            raise UserError(
                f"{where}: no node of a derivation at character {position + 1}: "
                f"{tree[position : position + 40]!r}. The file was truncated; copy it again."
            )
        position = match.end()
        if match["inner"]:
            depth += 1
        elif match["end"]:
            depth -= 1
        else:
            words.append(match["word"])
            categories.append(_checked(match["category"], where))
        if depth < 0 or (depth == 0 and position < len(tree)):
            raise UserError(
                f"{where}: the derivation ends at character {position}, but the line continues."
            )
    if depth or not words:
        raise UserError(f"{where}: a derivation with {depth} open nodes. The file was truncated.")
    return words, categories


def _table(path: Path) -> Iterator[_Sentence]:
    for number, line in numbered_lines(path):
        if not line.strip() or line.startswith("# "):
            continue
        words, categories = list[str](), list[str]()
        for item in line.split():
            parts = item.rsplit("|", 2)
            if len(parts) != 3 or not all(parts):
                raise UserError(
                    f"{path}:{number}: {item!r} is not word|POS|category. The file was truncated, "
                    "or has another format (docs/data.md)."
                )
            words.append(parts[0])
            categories.append(_checked(parts[2], f"{path}:{number}"))
        yield f"{path.stem}:{number}", words, categories


def _checked(category: str, where: str) -> str:
    """Return the category if its brackets are balanced; a truncated one would be a new label."""
    for pair in ("()", "[]"):
        if category.count(pair[0]) != category.count(pair[1]):
            raise UserError(
                f"{where}: category {category!r} has unbalanced brackets. The file was truncated."
            )
    return category
