"""Rewriting of metadata in Parquet files, of manifests, and of Snakemake's metadata."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.manifest import KEPT, keep, read_manifest, reuse, write_manifest
from xstilts.schema_metadata import read_metadata, replace_metadata, with_metadata
from xstilts.snakemake_metadata import SnakemakeMetadata

if TYPE_CHECKING:
    from pathlib import Path


def test_replacing_metadata_does_not_change_the_rows(tmp_path: Path) -> None:
    table = pa.table({"id": [str(i) for i in range(10)], "x": pa.array([[1.5]] * 10)})
    path = tmp_path / "rows.parquet"
    table = table.cast(with_metadata(table.schema, {"id": "a"}))
    pq.write_table(table, path, compression="zstd", row_group_size=4)
    replace_metadata(path, {"id": "a", "accepted": []})
    assert read_metadata(path) == {"id": "a", "accepted": []}
    found = pq.ParquetFile(path)
    assert found.read().equals(table)
    assert [found.metadata.row_group(i).num_rows for i in range(3)] == [4, 4, 2]
    assert found.metadata.row_group(0).column(0).compression == "ZSTD"
    empty = tmp_path / "empty.parquet"
    pq.write_table(table.slice(0, 0), empty)
    replace_metadata(empty, {"id": "b"})
    assert read_metadata(empty) == {"id": "b"}


def test_a_product_with_accepted_code_is_reused(tmp_path: Path) -> None:
    weights, path = tmp_path / "weights", tmp_path / "manifest.json"
    weights.write_bytes(b"1")
    old, new = ({"declared": {"code": {"loop": text}}, "inputs": {}} for text in ("a", "b"))
    write_manifest(path, old, files={"weights": weights}, facts={})
    assert "accepted" not in json.loads(path.read_text())
    made = read_manifest(path)
    made.identity["declared"]["code"] = {"loop": "b"}
    made.accepted.append({"why": "renamed"})
    made.write(path)
    keep(path)
    path.unlink()
    assert (tmp_path / KEPT).is_file()
    assert not reuse(path, old)
    assert reuse(path, new)
    assert read_manifest(path).id == made.id


def metadata(folder: Path, output: str, **values: object) -> Path:
    """Write metadata of an output as Snakemake does."""
    name = base64.urlsafe_b64encode(output.encode()).decode()
    parts = [name[i : i + 254] for i in range(0, len(name), 254)]
    path = folder.joinpath("metadata", *(f"@{part}" for part in parts[:-1]), parts[-1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))
    return path


def test_snakemakes_metadata_gets_the_code_and_the_checksums(tmp_path: Path) -> None:
    output = f"results/{'long' * 80}/manifest.json"
    declared = {"seed": 1, "recipe": {"epochs": 2.0}, "code": {"xstilts.a": "1"}}
    file = metadata(
        tmp_path,
        output,
        params=["'test'", repr(declared)],
        input_checksums={"in.json": "sha256:aa", "other.json": "sha256:bb"},
        rule="train",
    )
    record = SnakemakeMetadata(tmp_path)
    assert record.outputs == [output]
    assert record.declared(output, declared) == declared
    record.accept_code(output, {**declared, "seed": 2, "code": {"xstilts.a": "2"}})
    record.write()
    assert json.loads(file.read_text())["params"][1] == repr(declared), "more than the code"
    renewed = {**declared, "code": {"xstilts.a": "2", "xstilts.b": "1"}}
    record.accept_code(output, renewed)
    record.replace_checksums({"in.json": ("aa", "cc"), "other.json": ("dd", "ee")})
    record.write()
    found = json.loads(file.read_text())
    assert found["params"] == ["'test'", repr(renewed)]
    assert found["input_checksums"] == {"in.json": "sha256:cc", "other.json": "sha256:bb"}
    assert found["rule"] == "train"
