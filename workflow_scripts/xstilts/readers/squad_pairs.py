"""SQuAD v1.1 as retrieval of the sentence that answers a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xstilts.readers.hub_parquet import read_questions
from xstilts.readers.lareqa import candidate_text
from xstilts.readers.sentence_breaks import sentence_breaks
from xstilts.readers.squad_json import read_squad

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row


def read_squad_pairs(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Return questions as queries, each after the sentences of its paragraph as candidates.

    Each sentence occurs once. The right one is that in which the first answer begins, as in
    google-research/xtreme ``third_party/processors/lareqa.py``; a candidate's text is that of
    LAReQA's evaluation (:func:`xstilts.readers.lareqa.candidate_text`). XTREME's training pairs
    sentence and paragraph as two texts; here training and evaluation use the same text.

    Args:
        paths: files in SQuAD's layout.
        language: the language of the files; the sentences are split by English rules.

    Yields:
        Rows in the schema "ranking".

    Raises:
        UserError: as :func:`xstilts.readers.squad_json.read_squad`.
    """
    return _pairs(read_squad(paths, language))


def read_hub_squad_pairs(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Yield the rows of :func:`read_squad_pairs` from the columns of SQuAD on the hub.

    Args:
        paths: Parquet files.
        language: the language of the files.

    Raises:
        UserError: as :func:`xstilts.readers.hub_parquet.read_questions`.
    """
    return _pairs(read_questions(paths, language))


def _pairs(questions: Iterable[Row]) -> Iterator[Row]:
    # a repeated paragraph keeps its name, and its sentences are not repeated
    names: dict[str, str] = {}
    for row in questions:
        context = row["context"]
        breaks = list(sentence_breaks(context))
        if context not in names:
            names[context] = f"p{len(names)}"
            yield from _candidates(context, names[context], breaks)
        yield _query(row, names[context], breaks)


def _candidates(context: str, name: str, breaks: Sequence[tuple[int, int]]) -> Iterator[Row]:
    for index, (start, end) in enumerate(breaks):
        text = candidate_text(context[start:end], context)
        yield {"id": f"{name}_{index}", "side": "candidate", "text": text, "matches": []}


def _query(row: Row, name: str, breaks: Sequence[tuple[int, int]]) -> dict[str, Any]:
    begin = row["answers"][0]["start"]
    # an answer never begins in the space between two sentences, or between "Dr." and a name
    right = max(index for index, (start, _) in enumerate(breaks) if start <= begin or not index)
    return {
        "id": row["id"],
        "cluster": name,
        "side": "query",
        "text": row["question"],
        "matches": [f"{name}_{right}"],
    }
