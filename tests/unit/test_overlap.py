"""The overlap audit: shared texts by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.data.overlap import overlap
from xstilts.data.schemas import SCHEMAS

if TYPE_CHECKING:
    from pathlib import Path

FACT = "The old bridge crosses the river twice."
OTHER = "Nobody knows who built the lighthouse."


def span(identifier: str, context: str, question: str) -> dict[str, Any]:
    answer = {"text": context[:3], "start": 0}
    return {"id": identifier, "context": context, "question": question, "answers": [answer]}


def write(root: Path, name: str, kind: str, rows: list[dict[str, Any]]) -> Path:
    path = root / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMAS[kind]), path)
    return path


def found(trained: list[Path], evaluated: Path) -> list[tuple[str, str, int, str]]:
    names = ("trained_on", "field", "overlapping", "first_id")
    rows = overlap(trained, [evaluated]).to_pylist()
    return [tuple(row[name] for name in names) for row in rows]


def test_shared_questions_and_contexts_are_distinguished(tmp_path: Path) -> None:
    asked = "Which river does the bridge cross?"
    train = write(tmp_path, "squad_v1/en/train", "span", [span("t", f"{OTHER} Yes.", asked)])
    test = write(
        tmp_path,
        "xquad/en/test",
        "span",
        [span("a", FACT, asked), span("b", FACT, asked), span("c", OTHER.upper(), "Who was it?")],
    )
    assert found([train], test) == [
        ("squad_v1/en/train", "context", 1, "c"),
        ("squad_v1/en/train", "question", 2, "a"),
    ]


def test_each_choice_counts_as_a_text_of_its_own(tmp_path: Path) -> None:
    row = {"id": "c", "context": OTHER, "question": None, "label": 0}
    test = write(
        tmp_path, "xcopa/et/test", "multiple_choice", [row | {"choices": ["No", FACT[:-1]]}]
    )
    known = {"id": "t", "text": FACT, "pair": None}
    text = write(tmp_path, "mlm/en/train", "mlm", [known, known | {"text": f"No {FACT}"}])
    assert found([text], test) == [("mlm/en/train", "choices", 1, "c")]
    joined = write(tmp_path, "mlm/de/train", "mlm", [known | {"text": f"No {FACT}"}])
    assert found([joined], test) == [("(all)", "(all)", 0, "")]


def test_a_sentence_of_a_tagged_set_counts(tmp_path: Path) -> None:
    text = write(
        tmp_path, "mlm/en/train", "mlm", [{"id": "1", "text": f"{OTHER} {FACT}", "pair": None}]
    )
    words = FACT.split()
    tagged = {"id": "s1", "tokens": words, "tags": ["X"] * len(words)}
    test = write(tmp_path, "udpos/en/test", "tagging", [tagged])
    assert found([text], test) == [("mlm/en/train", "tokens", 1, "s1")]


def test_short_texts_and_no_overlap(tmp_path: Path) -> None:
    row = {"id": "1", "text": "Yes. Of course. Right now.", "pair": None}
    text = write(tmp_path, "mlm/en/train", "mlm", [row])
    pair = {"id": "p", "text_a": "Yes. Of course. Right now?", "text_b": None, "label": "neutral"}
    # the whole text is long enough to count, its sentences are not
    test = write(tmp_path, "xnli/en/test", "classification", [pair])
    assert found([text], test) == [("mlm/en/train", "text_a", 1, "p")]
    short = write(tmp_path, "xnli/de/test", "classification", [pair | {"text_a": "Of course."}])
    assert found([text], short) == [("(all)", "(all)", 0, "")]
