"""Damaged products: an error that names the file, and ``xstilts verify``."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xstilts.errors import UserError
from xstilts.manifest import (
    ADAPTER_PARENT,
    KEPT,
    contents,
    facts_of,
    full_identity,
    keep,
    read_manifest,
    require_whole,
    reuse,
    write_manifest,
)
from xstilts.schema_metadata import (
    read_metadata,
    replace_metadata,
    require_undamaged,
    store_checksum,
    with_metadata,
)
from xstilts.verify import report, verify

IDENTITY = full_identity({"seed": 1}, {})


def flip(file: Path, position: int) -> None:
    """Flip one bit."""
    content = bytearray(file.read_bytes())
    content[position] ^= 1
    file.write_bytes(content)


def model(folder: Path, **files: bytes) -> Path:
    """A product with a manifest; returns the manifest."""
    folder.mkdir(parents=True)
    paths = {}
    for name, content in ({"weights": b"0123456789"} | files).items():
        paths[name] = folder / name.replace("_", ".")
        paths[name].write_bytes(content)
    manifest = folder / "manifest.json"
    files_by_name = {path.name: path for path in paths.values()}
    write_manifest(manifest, IDENTITY, files=files_by_name, facts={"dev_score": 70.5})
    keep(manifest)
    return manifest


def predictions(path: Path) -> Path:
    """A Parquet product with its checksum."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"id": [str(i) for i in range(50)], "x": [0.5 * i for i in range(50)]})
    table = table.cast(with_metadata(table.schema, {"id": "a", "num_layers": 12}))
    pq.write_table(table, path, compression="none")
    store_checksum(path)
    return path


@pytest.mark.parametrize("damage", ["flip", "truncate", "zero", "delete"])
def test_a_damaged_file_is_not_used(tmp_path: Path, damage: str) -> None:
    manifest = model(tmp_path / "results/tiny/target/x")
    assert contents([manifest])
    weights = manifest.with_name("weights")
    if damage == "delete":
        weights.unlink()
    elif damage == "flip":
        flip(weights, 3)
    else:
        weights.write_bytes(b"0123" if damage == "truncate" else bytes(10))
    with pytest.raises(
        UserError, match=r"weights: (missing|truncated|damaged).* delete .*run again"
    ):
        contents([manifest])
    require_whole(manifest, [])
    # nor is it reused, after Snakemake has deleted the manifest
    manifest.unlink()
    assert not reuse(manifest, IDENTITY)


def test_a_file_is_read_again_only_if_it_was_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = model(tmp_path / "results/tiny/target/x")
    read: list[Path] = []
    from xstilts import manifest as module

    checksum = module.sha256_of
    monkeypatch.setattr(module, "sha256_of", lambda file: read.append(file) or checksum(file))
    module._checksum.cache_clear()
    require_whole(manifest)
    require_whole(manifest)
    assert [file.name for file in read] == ["weights"]


def test_a_damaged_manifest_is_not_used(tmp_path: Path) -> None:
    manifest = model(tmp_path / "results/tiny/target/x")
    text = manifest.read_text()
    manifest.write_text(text.replace("70.5", "71.5"))
    for read in (read_manifest, require_whole, facts_of):
        with pytest.raises(UserError, match=r"manifest\.json: damaged"):
            read(manifest)
    (manifest.with_name(KEPT)).write_text(text.replace("70.5", "71.5"))
    assert not reuse(manifest, IDENTITY)
    manifest.write_text("[]")
    with pytest.raises(UserError, match="not a manifest"):
        read_manifest(manifest)
    # of the predictions of a cell: language to id
    manifest.write_text('{"qaa": "0123"}')
    assert facts_of(manifest) == {}
    # of an earlier version, without checksums
    values = json.loads(text)
    del values["checksum"]
    values["files"]["weights"].pop("sha256")
    manifest.write_text(json.dumps(values))
    assert require_whole(manifest).facts == {"dev_score": 70.5}


def test_adapters_are_checked_with_the_model_that_they_belong_to(tmp_path: Path) -> None:
    parent = model(tmp_path / "results/tiny/bases/mini/model")
    entry = json.dumps({"folder": "../../bases/mini/model"}).encode()
    adapters = model(tmp_path / "results/tiny/target/x", parent_json=entry)
    assert ADAPTER_PARENT in require_whole(adapters).files
    flip(parent.with_name("weights"), 0)
    with pytest.raises(UserError, match=r"bases/mini/model/weights: damaged"):
        require_whole(adapters)


def test_damage_anywhere_in_a_parquet_product_is_found_or_has_no_effect(tmp_path: Path) -> None:
    path = predictions(tmp_path / "a.parquet")
    whole, rows = path.read_bytes(), pq.read_table(path).to_pylist()
    found = 0
    for position in range(0, len(whole), 7):
        path.write_bytes(whole)
        flip(path, position)
        try:
            metadata = require_undamaged(path)
        except UserError as error:
            assert str(path) in str(error)
            found += 1
        else:
            assert pq.read_table(path).to_pylist() == rows
            # a file that has lost its metadata is not taken for a complete prediction file
            assert not metadata or {"id": "a", "num_layers": 12}.items() <= metadata.items()
    assert found > len(whole) / 7 / 2


def test_accepting_other_code_keeps_the_checksum_valid(tmp_path: Path) -> None:
    path = predictions(tmp_path / "a.parquet")
    replace_metadata(path, {**read_metadata(path), "identity": {"b": 1}, "accepted": [{}]})
    require_undamaged(path)
    replace_metadata(path, {**read_metadata(path), "num_layers": 24})
    with pytest.raises(UserError, match="damaged"):
        require_undamaged(path)


def test_verify_reads_a_study_and_says_what_to_do(tmp_path: Path) -> None:
    root = tmp_path / "results/tiny"
    manifest = model(root / "target/mini/seed-1/none/xnli")
    qaa, qab = (predictions(root / f"predictions/cell/{name}.parquet") for name in ("qaa", "qab"))
    (root / "predictions/cell/manifest.json").write_text(json.dumps({"qaa": "a", "qab": "a"}))
    result = verify(root, [])
    sizes = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
    assert (result.files, result.bytes, result.damaged) == (6, sizes, [])
    flip(manifest.with_name("weights"), 0)
    flip(qaa, 300)
    qab.unlink()
    lines = list(report(verify(root, []), ["my study.yaml"]))
    assert [line.partition(": ")[0] for line in lines[:3]] == [
        str(manifest.with_name("weights")), str(qaa), str(qab),
    ]  # fmt: skip
    assert "3 are damaged or missing" in lines[3]
    assert lines[5].split() == [
        "rm", str(manifest), str(qaa), str(root / "predictions/cell/manifest.json"),
    ]  # fmt: skip
    assert lines[6] == "  snakemake --configfile 'my study.yaml'"
    assert len(verify(root, ["target"]).damaged) == 1
    assert len(verify(root, ["target/mini/seed-1/none/xnli/weights"]).damaged) == 1
    with pytest.raises(UserError, match="nothing: no product"):
        verify(root, ["nothing"])


def test_verify_lists_products_of_earlier_versions(tmp_path: Path) -> None:
    path = predictions(tmp_path / "scores/a.parquet")
    metadata = read_metadata(path)
    del metadata["checksum"]
    replace_metadata(path, metadata)
    lines = list(report(verify(tmp_path, []), ["config.yaml"]))
    assert lines[0] == f"{path}: not checked: made before checksums were stored"
    assert len(lines) == 2


def test_swapped_files_are_found(tmp_path: Path) -> None:
    ones, others = (predictions(tmp_path / f"a/predictions/{n}/qaa.parquet") for n in ("x", "y"))
    # the same product in a folder that was moved is valid
    (tmp_path / "a").rename(tmp_path / "b")
    ones, others = (tmp_path / "b" / path.relative_to(tmp_path / "a") for path in (ones, others))
    require_undamaged(ones)
    others.replace(ones)
    with pytest.raises(UserError, match="or it is that of another product"):
        require_undamaged(ones)
