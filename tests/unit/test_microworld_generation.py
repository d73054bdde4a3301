"""The same bytes everywhere, in the schema of their kind."""

from __future__ import annotations

import hashlib
import itertools
import json
from typing import Any

import pyarrow as pa
import pytest
from microworld_samples import WORLD, sample

from xstilts.data.schemas import SCHEMAS
from xstilts.errors import UserError
from xstilts.microworld import World, properties, rows
from xstilts.microworld.generators import GENERATORS

KIND = {
    "nli": "classification",
    "qa": "span",
    "continuation": "multiple_choice",
    "cause_effect": "multiple_choice",
    "qa_unanswerable": "span",
    "pos": "tagging",
    "paraphrase": "classification",
    "names": "tagging",
    "retrieval": "retrieval",
    "mining": "mining",
    "answers": "ranking",
    "text": "mlm",
    "parallel": "mlm",
}


# A change of these numbers is a change of every microworld data set: intended or a mistake.
GOLDEN: dict[str, str] = {
    "nli/qaa": "154698789c8fccee",
    "nli/qaf": "f6945d82c371a844",
    "qa/qaa": "424c5d1ae3fbc630",
    "qa/qaf": "73063096ecd75a6f",
    "continuation/qaa": "3ecc22aa6b0c7a68",
    "continuation/qaf": "97fe5b4212f91234",
    "cause_effect/qaa": "d0808f970ddd633b",
    "cause_effect/qaf": "2b332a1a90f38519",
    "qa_unanswerable/qaa": "feee1bb8669ea0f1",
    "qa_unanswerable/qaf": "19a4a7cfc5a3133a",
    "pos/qaa": "916482aac31431ee",
    "pos/qaf": "877499bfbe60c11d",
    "paraphrase/qaa": "a2d8199e148d425c",
    "paraphrase/qaf": "1d969c4946813296",
    "names/qaa": "4702da48ddeaec12",
    "names/qaf": "d03037b5d8308f02",
    "retrieval/qab": "23d4a73f63a20a3f",
    "retrieval/qaf": "c3c191c7d023f5fa",
    "mining/qab": "2221a22697b91279",
    "mining/qaf": "04925706be4a3bff",
    "answers/qaa": "22fa6d1693e02cd5",
    "answers/qaf": "bde3a707b32028e5",
    "text/qaa": "2d5666bcf984e1fb",
    "text/qaf": "92e1a225bdc2cbd9",
    "parallel/qab": "7983122f1473e7ec",
    "parallel/qaf": "b43628af550a3d0e",
}


@pytest.mark.parametrize("name", GOLDEN)
def test_bytes_are_the_same_on_every_machine(name: str) -> None:
    generator, language = name.split("/")
    text = json.dumps(sample(generator, language, "test", 40), ensure_ascii=False, sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == GOLDEN[name]


def test_more_examples_and_more_languages_leave_the_first_ones_alone() -> None:
    few = sample("nli", "qad", "train", 30)
    assert sample("nli", "qad", "train", 60)[:30] == few
    assert list(rows(World(0, 40), "nli", "qad", "train", 30)) == few


@pytest.mark.parametrize("change", ["seed", "stream", "split", "difficulty"])
def test_what_makes_examples_differ(change: str) -> None:
    options: dict[str, Any] = {"stream": "xnli"} if change == "stream" else {}
    if change == "difficulty":
        options = {"difficulty": "hard"}
    world = World(1, 8) if change == "seed" else WORLD
    split = "validation" if change == "split" else "train"
    other = [row["text_a"] for row in rows(world, "nli", "qaa", split, 50, **options)]
    same = [row["text_a"] for row in sample("nli", "qaa", "train", 50)]
    assert len(set(other) & set(same)) < 5


@pytest.mark.parametrize(
    ("generator", "split"), list(itertools.product(GENERATORS, ("train", "validation", "test")))
)
def test_rows_fit_the_schema_of_their_kind(generator: str, split: str) -> None:
    found = sample(generator, "qae", split, 20)
    schema = SCHEMAS[KIND[generator]]  # type: ignore[index]
    assert all(set(row) == set(schema.names) for row in found)
    table = pa.Table.from_pylist(found, schema=schema)
    sizes = {"retrieval": 40, "mining": 160 if split == "test" else 80}
    assert table.num_rows == sizes.get(generator, len(found) if generator == "answers" else 20)
    keys = [(row["id"], row.get("side")) for row in found]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nlii", "qaa", "train"), "'nlii' is not a known generator. Did you mean 'nli'"),
        (("nli", "qaz", "train"), "'qaz' is not a known language"),
        (("nli", "qaa", "dev"), "'dev' is not a known split"),
        (("parallel", "qaa", "train"), "'qaa' cannot be paired with itself"),
        (("retrieval", "qaa", "test"), "'qaa' cannot be paired with itself"),
        (("mining", "qaa", "test"), "'qaa' cannot be paired with itself"),
    ],
)
def test_errors_name_the_value_and_the_known_ones(
    arguments: tuple[str, str, str], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        rows(WORLD, *arguments, 1)


@pytest.mark.parametrize("count", [0, 521])
def test_number_of_languages_is_limited_by_the_codes(count: int) -> None:
    with pytest.raises(UserError, match="1 to 520"):
        properties(World(0, count))
