"""Belebele's questions about passages, and the training set that its authors assembled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.readers.choices import Examples, label_of, text_of, value_of
from xstilts.readers.hub_table import Table
from xstilts.readers.lines import json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

_NUMBERS = ("1", "2", "3", "4")
_ASSEMBLED = ("dataset", "split", "passage_id", "question_id", "passage", "question")
_ANSWERS = tuple(f"answer{number}" for number in _NUMBERS)
_RIGHT = "correct_answer_num"


def read_belebele(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Yield questions with four answers each.

    Ids and clusters are those of question and passage in the release, so that all languages share
    them. A file in ``.tsv`` is the table that the release's ``assemble_training_set.py`` writes;
    its rows of the split "train" are read.

    Args:
        paths: files, read one after the other.
        language: not used; a file has one language.

    Yields:
        Rows in the schema "multiple_choice".

    Raises:
        UserError: a truncated or empty file, a missing key or column, an unknown label, an empty
            answer, an id that occurs twice; names file and line.
    """
    examples = Examples(num_choices=4)
    for path in paths:
        before = len(examples)
        rows = _assembled if path.suffix == ".tsv" else _questions
        yield from rows(path, examples)
        if len(examples) == before:
            raise UserError(f"{path}: no question in it. The file was truncated; fetch it again.")


def _questions(path: Path, examples: Examples) -> Iterator[Row]:
    for where, item in json_lines(path):
        passage = f"{text_of(item, 'link', where)}#{text_of(item, 'split', where)}"
        row = examples.row(
            where,
            f"{passage}#{value_of(item, 'question_number', where)}",
            text_of(item, "flores_passage", where),
            text_of(item, "question", where),
            [text_of(item, f"mc_answer{number}", where) for number in _NUMBERS],
            label_of(value_of(item, _RIGHT, where), _NUMBERS, where),
        )
        yield row | {"cluster": passage}


def _assembled(path: Path, examples: Examples) -> Iterator[Row]:
    with Table(path) as table:
        for where, item in table.rows([*_ASSEMBLED, *_ANSWERS, _RIGHT]):
            if item["split"] != "train":
                continue
            # the ids of some of the joined data sets are not unique
            name = f"{len(examples)}#{item['dataset']}#{item['passage_id']}#{item['question_id']}"
            yield examples.row(
                where,
                name,
                item["passage"],
                item["question"],
                [item[answer] for answer in _ANSWERS],
                # pandas writes whole numbers as 2.0 if some row has none
                label_of(item[_RIGHT].removesuffix(".0"), _NUMBERS, where),
            )
