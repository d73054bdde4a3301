"""The job that translates a training set: product, manifest, reuse and errors."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from translation_world import nllb

from xstilts.data.schemas import SCHEMAS
from xstilts.errors import UserError
from xstilts.jobs.translation import translate_data
from xstilts.manifest import Manifest, read_manifest, write_manifest

SOURCE = Path("results/s/data/squad_v1/en/train.json")
PLACE = Path("results/s/data/squad_v1/de-translated/train.json")


def row(identifier: str, context: str, answer: str) -> dict[str, Any]:
    answers = [{"text": answer, "start": context.index(answer)}]
    return {"id": identifier, "context": context, "question": "who sees?", "answers": answers}


LOST = row("lost", 'a "bird" [eats] fish... yes', "...")
"""A context with marks of both kinds, and an answer of which no word is translated."""


@pytest.fixture(autouse=True)
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder for a study's results."""
    monkeypatch.chdir(tmp_path)


def write_source(rows: list[dict[str, Any]]) -> None:
    SOURCE.parent.mkdir(parents=True)
    data = SOURCE.with_suffix(".parquet")
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMAS["span"]), data)
    write_manifest(SOURCE, {"declared": {}, "inputs": {}}, files={data.name: data}, facts={})


def translate(**changes: Any) -> Manifest:
    source = {
        "translation_from": "en",
        "model": {"path": str(nllb()), "hub": None, "revision": None},
        "codes": {"en": "eng_Latn", "de": "deu_Latn"},
        "beams": 1,
        "max_length": 24,
        "sentences": True,
        "precision": "fp32",
    }
    identity = {"task": "squad_v1", "language": "de", "split": "train", "kind": "span",
                "labels": [], "source": source | changes}  # fmt: skip
    translate_data(
        identity,
        [SOURCE, nllb() / "config.json"],
        examples=PLACE.with_suffix(".parquet"),
        manifest=PLACE,
        state_root=Path("results/s/state"),
        max_tokens=400,
        num_threads=1,
    )
    return read_manifest(PLACE)


def test_the_share_lost_is_in_the_manifest_and_the_log(caplog):
    write_source([LOST, {**LOST, "id": "none", "answers": []}])
    with caplog.at_level(logging.INFO, "xstilts"):
        manifest = translate()
    facts = manifest.facts
    assert (facts["source_rows"], facts["rows"], facts["share_lost"]) == (2, 1, 0.5)
    assert facts["lost"] == {"answer not found": 1, "empty translation": 0}
    assert facts["licence"] == "CC BY-SA 4.0"
    assert "1 of 2 examples translated; 50.00 % lost" in caplog.text
    assert set(manifest.identity["inputs"]) == {"data/squad_v1/en/train", "config.json"}
    assert [item["id"] for item in pq.read_table(PLACE.with_suffix(".parquet")).to_pylist()] == [
        "none"
    ]
    assert not list(Path("results/s/state").iterdir())


def test_a_finished_translation_is_reused_and_another_is_made(caplog):
    write_source([{**LOST, "answers": []}])
    first = translate()
    PLACE.unlink()
    with caplog.at_level(logging.INFO, "xstilts"):
        assert translate() == first
        assert "reused" in caplog.text
        caplog.clear()
        assert translate(beams=2).id != first.id
        assert "reused" not in caplog.text


def test_nothing_left_is_an_error_that_says_what_was_lost():
    write_source([LOST])
    with pytest.raises(UserError, match=r"1 examples, lost: \{'answer not found': 1.*no examples"):
        translate()
    assert not PLACE.exists()
    # finished chunks are kept for the next attempt
    assert list(Path("results/s/state").glob("*/*.json"))
