"""Checkpoint folders are imported completely, or refused with the file that is missing."""

from __future__ import annotations

import json
import os
import random
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from published_models import published_model
from safetensors.torch import load_file, save_file

from xstilts.checkpoints import checkpoint_files, require_complete
from xstilts.errors import UserError
from xstilts.jobs.base import import_base
from xstilts.tokens.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A published checkpoint."""
    return published_model("mt5", tmp_path / "published")


def split(folder: Path) -> None:
    """Put the weights into two parts with an index, as in large checkpoints."""
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    parts: dict[str, dict[str, Any]] = {}
    for number, name in enumerate(weights):
        part = f"model-0000{1 + number % 2}-of-00002.safetensors"
        parts.setdefault(part, {})[name] = weights[name]
    for part, found in parts.items():
        save_file(found, folder / part, metadata={"format": "pt"})
    index = {
        "metadata": {},
        "weight_map": {name: part for part, found in parts.items() for name in found},
    }
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def without_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def without_weights(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "tf_model.h5")


def without_a_part(folder: Path) -> None:
    split(folder)
    (folder / "model-00002-of-00002.safetensors").unlink()


def without_the_index(folder: Path) -> None:
    split(folder)
    (folder / "model.safetensors.index.json").unlink()


def pointer(folder: Path) -> None:
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    (folder / "tokenizer.json").write_text(text)


FAULTS: dict[Callable[[Path], None], str] = {
    without_tokenizer: "has no tokenizer",
    without_weights: "has no weights",
    without_a_part: "incomplete: model-00002-of-00002.safetensors missing",
    without_the_index: "incomplete: model.safetensors.index.json missing",
    pointer: "tokenizer.json: a Git LFS pointer",
}


@pytest.mark.parametrize("damage", FAULTS)
def test_an_incomplete_checkpoint_is_refused(folder: Path, damage: Callable[[Path], None]) -> None:
    require_complete(folder, "bases.mine.path")
    damage(folder)
    with pytest.raises(UserError, match=FAULTS[damage]):
        require_complete(folder, "bases.mine.path")


def import_into(folder: Path, out: Path) -> None:
    import_base(
        {"path": str(folder), "hub": None, "revision": None},
        tokenizer=out / "tokenizer/manifest.json",
        model=out / "model/manifest.json",
    )


def test_parts_are_read_like_one_file(folder: Path, tmp_path: Path) -> None:
    import_into(folder, tmp_path / "one")
    split(folder)
    import_into(folder, tmp_path / "parts")
    file = "model/model.safetensors"
    assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "parts" / file).read_bytes()


def test_a_weight_that_is_not_finite_is_refused(folder: Path, tmp_path: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["shared.weight"][7] = float("nan")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"32 of [\d,]+ values of the weight .* are NaN"):
        import_into(folder, tmp_path / "out")
    assert not (tmp_path / "out/model/manifest.json").exists()


def test_truncated_weights_are_refused(folder: Path, tmp_path: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:2000])
    with pytest.raises(UserError, match=r"model.safetensors: truncated"):
        import_into(folder, tmp_path / "out")


def test_files_of_a_checkpoint_are_those_that_can_change_it(folder: Path) -> None:
    for name in ("README.md", "events.out", "vocab.txt", "merges.txt", "spiece.model"):
        (folder / name).touch()
    names = {file.name for file in checkpoint_files(folder)}
    assert names >= {"config.json", "model.safetensors", "tokenizer.json", "vocab.txt"}
    assert names >= {"merges.txt", "spiece.model"}
    assert names.isdisjoint({"README.md", "events.out"})


COUNT = int(os.environ.get("XSTILTS_DAMAGED", "30"))


def damage(file: Path, others: list[Path], draw: random.Random) -> None:
    """Damage a file as disks, transfers and users do."""
    data = bytearray(file.read_bytes())
    position = draw.randrange(len(data))
    match draw.choice(["bit", "zeros", "cut", "empty", "other"]):
        case "bit":
            data[position] ^= 1 << draw.randrange(8)
        case "zeros":
            data[position : position + 64] = bytes(len(data[position : position + 64]))
        case "cut":
            del data[position:]
        case "empty":
            data.clear()
        case "other":
            data = bytearray(draw.choice(others).read_bytes())
    file.write_bytes(data)


def test_damage_ends_in_one_message_or_in_a_whole_model(folder: Path, tmp_path: Path) -> None:
    """By hand, with more damage: ``XSTILTS_DAMAGED=5000``."""
    draw, refused, copy = random.Random(15), 0, tmp_path / "copy"
    for _ in range(COUNT):
        for one in (copy, tmp_path / "out"):
            shutil.rmtree(one, ignore_errors=True)
        shutil.copytree(folder, copy)
        files = checkpoint_files(copy)
        damage(draw.choice(files), files, draw)
        try:
            import_into(copy, tmp_path / "out")
        except UserError as error:
            assert str(copy) in str(error)
            assert not (tmp_path / "out/model/manifest.json").exists()
            refused += 1
            continue
        # what no checksum tells: other numbers, or other settings that are valid
        weights = load_file(tmp_path / "out/model/model.safetensors")
        assert all(bool(weight.isfinite().all()) for weight in weights.values())
        load_tokenizer(tmp_path / "out/tokenizer")
    assert refused > COUNT / 4
