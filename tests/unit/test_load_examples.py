"""Data sets of a study open for anybody, with the right types and with the names of labels."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import datasets
import pytest

from xstilts.data.load import load_examples
from xstilts.data.prepare import write_examples
from xstilts.data.schemas import FEATURES
from xstilts.errors import UserError
from xstilts.manifest import full_identity, write_manifest
from xstilts.readers.hub_table import Table

if TYPE_CHECKING:
    from pathlib import Path

ROWS: dict[str, list[dict[str, Any]]] = {
    "classification": [
        {"id": "0", "text_a": "a", "text_b": None, "label": "neutral"},
        {"id": "1", "text_a": "b", "text_b": "c", "label": "entailment"},
    ],
    "tagging": [{"id": "0", "tokens": ["Kim", "ran"], "tags": ["PROPN", "VERB"]}],
    "span": [
        {"id": "0", "context": "a b", "question": "?", "answers": [{"text": "b", "start": 2}]},
        {"id": "1", "context": "a b", "question": "?", "answers": []},
    ],
    "mining": [{"id": "0", "side": "query", "text": "a", "matches": ["1"]}],
    "multiple_choice": [
        {"id": "0", "context": "a", "question": None, "choices": ["b", "c"], "label": 1}
    ],
    "mlm": [{"id": "0", "text": "a", "pair": None}],
}


def written(folder: Path, kind: str, labels: list[str]) -> Path:
    path = folder / "train.parquet"
    facts = write_examples(ROWS[kind], kind, labels, path, "here")  # type: ignore[arg-type]
    identity = full_identity({"kind": kind, "labels": labels}, {})
    write_manifest(folder / "train.json", identity, files={path.name: path}, facts=facts)
    return path


def without_clusters(found: datasets.Dataset) -> list[dict[str, Any]]:
    return found.remove_columns(list({"cluster"} & set(found.column_names))).to_list()


@pytest.mark.parametrize("kind", ROWS)
def test_any_user_opens_a_product(tmp_path, kind, monkeypatch):
    # else load_dataset reports each use to the hub, and waits for the answer
    monkeypatch.setattr(datasets.config, "HF_UPDATE_DOWNLOAD_COUNTS", False)
    path = written(tmp_path, kind, [])
    cache = str(tmp_path / "cache")
    found = datasets.load_dataset("parquet", data_files=str(path), split="train", cache_dir=cache)
    assert found.features == FEATURES[kind]
    assert without_clusters(found) == ROWS[kind]


def test_labels_have_numbers_and_names(tmp_path):
    names = ["contradiction", "entailment", "neutral"]
    found = load_examples(written(tmp_path, "classification", names))
    assert found.features["label"] == datasets.ClassLabel(names=names)
    assert found["label"][:] == [2, 1]
    assert found.features["label"].int2str(found[0]["label"]) == "neutral"


def test_reading_asks_no_network(tmp_path, monkeypatch):
    asked = []

    def resolve(host: str, *_: Any) -> None:
        asked.append(host)
        raise OSError(f"no such host: {host}")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    path = written(tmp_path, "mlm", [])
    assert load_examples(path).num_rows == 1
    for file in (path, tmp_path / "a.jsonl", tmp_path / "a.csv"):
        if file != path:
            file.write_text('{"text": "a"}\n' if file.suffix == ".jsonl" else "text\na\n")
        with Table(file) as table:
            assert [row for _, row in table.rows(["text"])] == [{"text": "a"}]
    assert not asked


def test_labels_that_the_data_decide(tmp_path):
    found = load_examples(written(tmp_path, "tagging", []))
    assert found.features["tags"].feature.names == ["PROPN", "VERB"]
    assert found[0]["tags"] == [0, 1]


def test_kinds_without_labels_and_files_without_manifest(tmp_path):
    path = written(tmp_path, "multiple_choice", [])
    assert without_clusters(load_examples(path)) == ROWS["multiple_choice"]
    path.with_suffix(".json").unlink()
    with pytest.raises(UserError, match=r"train\.json"):
        load_examples(path)


def test_a_null_where_none_may_be_is_an_error(tmp_path):
    row = ROWS["classification"][0] | {"text_a": None}
    with pytest.raises(UserError, match="examples do not fit kind 'classification'"):
        write_examples([row], "classification", ["neutral"], tmp_path / "a.parquet", "here")
