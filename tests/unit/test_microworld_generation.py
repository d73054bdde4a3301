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
    "mentions": "ranking",
    "text": "mlm",
    "parallel": "mlm",
}


# A change of these numbers is a change of every microworld data set: intended or a mistake.
GOLDEN: dict[str, str] = {
    "nli/qaa": "7548021b44b062c0",
    "nli/qaf": "e6d804c99393b121",
    "qa/qaa": "8e4093e1a768ecef",
    "qa/qaf": "06647a8907ce59c7",
    "continuation/qaa": "19aadea076b18a34",
    "continuation/qaf": "cf0c75e029724cf8",
    "cause_effect/qaa": "e614f14a1a60d9de",
    "cause_effect/qaf": "59ef6d34e4da7af5",
    "qa_unanswerable/qaa": "8716bf8a56323d61",
    "qa_unanswerable/qaf": "d79361cb8f3baf3c",
    "pos/qaa": "4da52b53dc18c123",
    "pos/qaf": "c44f3ac4373f8ea1",
    "paraphrase/qaa": "7365ffb00fbc3ba6",
    "paraphrase/qaf": "f14ab759c5198e02",
    "names/qaa": "f09d43000b916fa4",
    "names/qaf": "623e35da56e321cf",
    "retrieval/qab": "9099938ac62dddc0",
    "retrieval/qaf": "3ee0ab7663aeaa43",
    "mining/qab": "4417cfb7c6f06ad0",
    "mining/qaf": "e6bab8bab2493cde",
    "answers/qaa": "925609e88ae083c6",
    "answers/qaf": "92b7c8ee31f8aee0",
    "mentions/qaa": "bf747ed7ee724dc3",
    "mentions/qaf": "f890b6dafd920698",
    "text/qaa": "2e2c56f2348435ab",
    "text/qaf": "1ac5e70dc8b6a4ea",
    "parallel/qab": "d0354f695006a3d4",
    "parallel/qaf": "dc8e9a8b072f5edf",
}


@pytest.mark.parametrize("name", GOLDEN)
def test_bytes_are_the_same_on_every_machine(name: str) -> None:
    generator, language = name.split("/")
    text = json.dumps(sample(generator, language, "test", 40), ensure_ascii=False, sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == GOLDEN[name]


def test_more_examples_and_more_languages_do_not_change_the_first_ones() -> None:
    few = sample("nli", "qad", "train", 30)
    assert sample("nli", "qad", "train", 60)[:30] == few
    assert list(rows(World(0, 40), "nli", "qad", "train", 30)) == few


@pytest.mark.parametrize("change", ["seed", "stream", "split", "difficulty"])
def test_arguments_that_change_the_examples(change: str) -> None:
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
    assert all(set(row) == set(schema.names) - {"cluster"} for row in found)
    table = pa.Table.from_pylist(found, schema=schema)
    sizes = {"retrieval": 40, "mining": 160 if split == "test" else 80}
    assert table.num_rows == sizes.get(
        generator, len(found) if KIND[generator] == "ranking" else 20
    )
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
