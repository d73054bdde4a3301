"""Part-of-speech tags from Universal Dependencies (CoNLL-U), with XTREME's fused words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xstilts.errors import UserError, unknown
from xstilts.readers.fusion import Word, span_head
from xstilts.readers.lines import numbered_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

UPOS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN",
    "PUNCT", "SCONJ", "SYM", "VERB", "X",
)  # fmt: skip
"""The universal part-of-speech tags, in alphabetical order."""

COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
"""The columns of CoNLL-U."""

_NUM_COLUMNS = len(COLUMNS)
_WITH_SHORT_LINE = "ru_syntagrus-ud-train.conllu"
"""Version 2.5 of this file has one word with fewer columns (pyconll/pyconll, tests of corpora)."""
_TAGGED = 4
"""Number of columns up to the universal tag."""
_RANGE = re.compile(r"([1-9][0-9]*)-([1-9][0-9]*)")
_EMPTY_NODE = re.compile(r"[0-9]+\.[1-9][0-9]*")
_SENT_ID = re.compile(r"#\s*sent_id\s*=\s*(\S.*)")
_NEW_DOCUMENT = re.compile(r"#\s*newdoc(?:\s+id\s*=\s*(\S.*)|\s*)")
_NO_FORM = "_"
_ZERO_WIDTH_NON_JOINER = "\u200c"


@dataclass(frozen=True, slots=True)
class _Tags:
    """The tag of a word, from the columns of its line."""

    index: int
    labels: Sequence[str]
    renamed: Mapping[str, str]

    def __call__(self, columns: Sequence[str], where: str) -> str:
        tag = self.renamed.get(columns[self.index], columns[self.index])
        if self.labels and tag not in self.labels:
            what = "universal part-of-speech tag" if self.labels == UPOS else "tag"
            raise unknown(what, tag, self.labels, where)
        return tag


@dataclass(slots=True)
class _Sentence:
    """One sentence while it is read."""

    words: list[Word] = field(default_factory=list)
    """Syntactic words; word n has index n-1."""
    fused: list[tuple[int, int, str]] = field(default_factory=list)
    """(first word, last word, surface form) of each multiword token, from left to right."""
    name: str = ""
    """The treebank's id of the sentence; empty if it has none."""
    document: str | None = None
    """The treebank's id of its document, or the number of the document; None if it marks none."""


def read_upos(
    paths: Sequence[Path],
    language: str,
    *,
    labels: Sequence[str] = UPOS,
    renamed: Mapping[str, str] | None = None,
    column: str = "upos",
) -> Iterator[Row]:
    """Yield sentences with one tag per token, tokenised as by XTREME.

    All treebanks of a language are read in the order of their file names. A multiword token (French
    "du" = "de le") is one token, with the tag of its head word; empty nodes are left out, and so
    are sentences whose tokens are all, or all but one, ``_`` (treebanks that may not ship their
    text). U+200C and spaces inside a token are removed. A token that has nothing else becomes
    ``_``, so that it still counts: the official label files have its tag.

    Source: google-research/xtreme, ``conllu_to_conll.py`` with
    ``--replace_subtokens_with_fused_forms``, then ``utils_preprocess.py`` (``udpos_preprocess``).

    Args:
        paths: CoNLL-U files.
        language: decides which word is the head of a multiword token.
        labels: the tags of the task; empty if the data define them.
        renamed: maps tags in the files to tags of the task, where the two differ.
        column: column of the tag, by its name in :data:`COLUMNS`.

    Yields:
        Rows in the schema "tagging"; id is file stem and sentence id (or running number), cluster
        is the document. Parallel treebanks (PUD) name their documents alike in all languages.

    Raises:
        UserError: wrong columns, an unknown tag, word ids that do not count up, a sentence id that
            occurs twice, a file that ends in the middle of a sentence.
    """
    first_seen: dict[str, Path] = {}
    for path in sorted(paths, key=lambda path: (path.name, path)):
        number = 0
        tags_of = _Tags(COLUMNS.index(column), labels, renamed or {})
        for number, sentence in enumerate(_sentences(path, tags_of), start=1):
            identifier = f"{path.stem}:{sentence.name or number}"
            if identifier in first_seen:
                raise UserError(
                    f"{path}: sentence id {identifier!r} also occurs in {first_seen[identifier]}. "
                    "Predictions are keyed by id; was the same treebank copied twice?"
                )
            first_seen[identifier] = path
            forms, tags = _fuse(sentence, language)
            if tokens := tidy_tokens(forms):
                yield {
                    "id": identifier,
                    "tokens": tokens,
                    "tags": tags,
                    "cluster": sentence.document,
                }
        if not number:
            raise UserError(f"{path}: no sentence in it. Fetch the file again.")


def _sentences(path: Path, tags_of: _Tags) -> Iterator[_Sentence]:
    sentence, number, num_documents = _Sentence(), 0, 0
    for number, line in numbered_lines(path):
        if not line.strip():
            if sentence.words or sentence.fused:
                _check_last_range(sentence, f"{path}:{number - 1}")
                yield sentence
            sentence = _Sentence(document=sentence.document)
        elif line.startswith("#"):
            if match := _SENT_ID.fullmatch(line):
                sentence.name = match[1].strip()
            elif match := _NEW_DOCUMENT.fullmatch(line):
                num_documents += 1
                sentence.document = (match[1] or f"{path.stem}:{num_documents}").strip()
        else:
            columns = line.split("\t")
            if path.name == _WITH_SHORT_LINE and _TAGGED <= len(columns) < _NUM_COLUMNS:
                columns += [_NO_FORM] * (_NUM_COLUMNS - len(columns))
            _add_line(sentence, columns, tags_of, f"{path}:{number}")
    if sentence.words or sentence.fused:
        raise UserError(
            f"{path}:{number}: the file ends in the middle of a sentence (no blank line after it). "
            "It was truncated; fetch it again."
        )


def _add_line(sentence: _Sentence, columns: Sequence[str], tags_of: _Tags, where: str) -> None:
    """Add a word or the range of a multiword token; empty nodes are skipped."""
    if len(columns) != _NUM_COLUMNS:
        raise UserError(
            f"{where}: {len(columns)} tab-separated columns, CoNLL-U has {_NUM_COLUMNS}. "
            "The file was truncated, or tabs became spaces; fetch it again."
        )
    identifier, form, head, deps = (columns[index] for index in (0, 1, 6, 8))
    expected = len(sentence.words) + 1
    if identifier == str(expected):
        tag = tags_of(columns, where)
        sentence.words.append(Word(form.strip(), tag, _parents(head, deps, where)))
    elif match := _RANGE.fullmatch(identifier):
        first, last = int(match[1]), int(match[2])
        covered = sentence.fused[-1][1] if sentence.fused else 0
        if first != expected or last < first or first <= covered:
            raise UserError(f"{where}: range {identifier!r}, expected one from {expected} on.")
        sentence.fused.append((first, last, form.strip()))
    elif not _EMPTY_NODE.fullmatch(identifier):
        raise UserError(
            f"{where}: word id {identifier!r}, expected '{expected}'. A line is missing or "
            "surplus; fetch the file again."
        )


def _parents(head: str, deps: str, where: str) -> frozenset[int | None]:
    """Heads of a word in the basic tree and in the enhanced graph.

    XTREME's converter adds both kinds of edges to one graph, and the second kind can change which
    word of a multiword token is highest in the tree.
    """
    if head != "_" and not head.isdecimal():
        raise UserError(f"{where}: head {head!r} is not a word id.")
    enhanced = (edge.partition(":")[0] for edge in deps.split("|"))
    parents = {int(parent) for parent in enhanced if parent.isdecimal()}
    return frozenset(parents | {None if head == "_" else int(head)})


def _check_last_range(sentence: _Sentence, where: str) -> None:
    if sentence.fused and sentence.fused[-1][1] > len(sentence.words):
        first, last, form = sentence.fused[-1]
        raise UserError(
            f"{where}: the sentence ends at word {len(sentence.words)}, but {form!r} spans "
            f"{first}-{last}. Lines are missing; fetch the file again."
        )


def _fuse(sentence: _Sentence, language: str) -> tuple[list[str], list[str]]:
    """(forms, tags) with each multiword token as one, its tag that of its head word."""
    words = sentence.words
    forms, tags, done = [], [], 0
    for first, last, form in sentence.fused:
        forms += [word.form for word in words[done : first - 1]]
        tags += [word.upos for word in words[done : first - 1]]
        head = span_head(words, first, last, language)
        forms.append(form)
        tags.append(words[head - 1].upos)
        done = last
    forms += [word.form for word in words[done:]]
    tags += [word.upos for word in words[done:]]
    return forms, tags


def tidy_tokens(forms: Sequence[str]) -> list[str]:
    """The forms of a sentence as XTREME writes them; empty if the treebank lacks its text."""
    missing = sum(form == _NO_FORM for form in forms)
    if missing > 0 and missing >= len(forms) - 1:
        return []
    return [_cleaned(form) for form in forms]


def _cleaned(form: str) -> str:
    return form.replace(_ZERO_WIDTH_NON_JOINER, "").replace(" ", "") or _NO_FORM
