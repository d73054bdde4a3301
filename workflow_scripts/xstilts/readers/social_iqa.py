"""Social IQa's release: JSON lines with three answers, the labels inside or in a second file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.readers.choices import Examples, label_of, text_of
from xstilts.readers.lines import filled_lines, json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

_ANSWERS = ("answerA", "answerB", "answerC")
_LETTERS = ("A", "B", "C")
_NUMBERS = ("1", "2", "3")
_LABELS_END = "-labels.lst"


def read_social_iqa(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Yield situations with a question and three answers each.

    Two forms are released: ``socialIQa_v1.4_trn.jsonl``, with keys such as ``correct: "A"``, and
    ``train.jsonl`` with the numbers 1 to 3 in ``train-labels.lst``, line by line. The release has
    no ids; a running number replaces them.

    Args:
        paths: JSON-lines files, each with its labels file where it has one, in any order.
        language: not used; a file has one language.

    Yields:
        Rows in the schema "multiple_choice".

    Raises:
        UserError: a truncated or empty file, a missing key, an unknown label, a labels file that is
            missing or has another number of lines; names file and line.
    """
    examples = Examples(num_choices=len(_ANSWERS))
    labels_of = {path.name: path for path in paths if path.name.endswith(_LABELS_END)}
    for path in (path for path in paths if not path.name.endswith(_LABELS_END)):
        labels_file = labels_of.get(f"{path.stem}{_LABELS_END}")
        labels = _labels(labels_file) if labels_file else None
        before = len(examples)
        for where, item in json_lines(path):
            index = len(examples) - before
            if labels is not None:
                if index == len(labels):
                    raise _unequal(path, f"more than {index}", labels_file, len(labels))
                label = labels[index]
            elif "correct" in item:
                label = label_of(item["correct"], _LETTERS, where)
            else:
                raise UserError(
                    f"{where}: no label: neither a key 'correct' here nor a file "
                    f"{path.stem}{_LABELS_END} next to it. Add that file."
                )
            yield examples.row(
                where,
                str(len(examples)),
                text_of(item, "context", where),
                text_of(item, "question", where),
                [text_of(item, answer, where) for answer in _ANSWERS],
                label,
            )
        if labels is not None and len(examples) - before < len(labels):
            raise _unequal(path, str(len(examples) - before), labels_file, len(labels))


def _labels(path: Path) -> list[int]:
    return [label_of(line, _NUMBERS, f"{path}:{number}") for number, line in filled_lines(path)]


def _unequal(path: Path, lines: str, labels: Path | None, num_labels: int) -> UserError:
    return UserError(
        f"{path}: {lines} lines, but {labels} has {num_labels}. Line n of one belongs to line n of "
        "the other; one file was truncated, fetch both again."
    )
