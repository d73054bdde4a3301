"""Checkpoint folders that make no sense are one message that names the file."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from published_models import published_model
from safetensors.torch import load_file, save_file
from untrusted_folder import change, import_into

from mutations import mutated, mutated_json
from xstilts.errors import UserError

if TYPE_CHECKING:
    import torch

SEED = 18


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A published checkpoint."""
    return published_model("mt5", tmp_path / "published")


def _config(**values: object) -> Callable[[Path], object]:
    return lambda folder: change(folder / "config.json", **values)


def _file(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


def _index(parts: object) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        index = folder / "model.safetensors.index.json"
        index.write_text(json.dumps({"weight_map": parts}))

    return damage


def _instead(name: str, make: Callable[[Path], object]) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        make(folder / name)

    return damage


def _linked(name: str) -> Callable[[Path], object]:
    """Put a link to the same content in another folder in place of a file."""

    def damage(folder: Path) -> None:
        (folder / name).rename(folder.parent / name)
        (folder / name).symlink_to(folder.parent / name)

    return damage


def _weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        change(weights)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})

    return damage


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "config: a list": (_file("config.json", b"[]"), r"config\.json: not a JSON object"),
    "config: empty": (_file("config.json", b""), r"config\.json: not valid JSON"),
    "config: not UTF-8": (_file("config.json", b"\xff\xfe{}"), r"config\.json: not valid JSON"),
    "config: nested": (_file("config.json", b"[" * 100_000), r"config\.json: not valid JSON"),
    "config: a pointer": (_file("config.json", POINTER), r"config\.json: a Git LFS pointer"),
    "config: a folder": (_instead("config.json", Path.mkdir), r"no config\.json"),
    "config: a pipe": (_instead("config.json", os.mkfifo), r"no config\.json"),
    "negative size": (_config(d_model=-32), r"config\.json: d_model is -32"),
    "size as text": (_config(d_model="32"), r"config\.json: d_model is '32'"),
    "size with fraction": (_config(num_layers=1.5), r"config\.json: num_layers is 1\.5"),
    "no layers": (_config(num_layers=0), r"config\.json: num_layers is 0"),
    "huge vocabulary": (
        _config(vocab_size=10**12),
        r"config\.json: vocab_size 1000000000000 and width 32 are more",
    ),
    "huge layers": (_config(d_ff=10**10), r"config\.json: .*wi_0\.weight has 320,000,000,000 wei"),
    "unknown type": (_config(model_type="hal9000"), r"config\.json: .*hal9000"),
    "type as list": (_config(model_type=["mt5"]), r"published"),
    "many layers": (
        _config(num_layers=9999),
        r"config\.json: num_layers 9999 and width 32 are more",
    ),
    "no vocabulary": (_config(vocab_size=None), r"config\.json: no vocab_size, which .* type mt5"),
    "no width": (_config(d_model=None), r"config\.json: no d_model, which"),
    "no number of layers": (_config(num_layers=None), r"config\.json: no num_layers, which"),
    "a size that only this family has": (
        _config(relative_attention_num_buckets=1 << 31),
        r"config\.json: encoder\.block.*relative_attention_bias\.weight has 4,294,967,296 weights",
    ),
    "the defaults of a large model": (
        _file("config.json", b'{"model_type": "llama"}'),
        r"config\.json: no hidden_size, which a model of the type llama",
    ),
    "the defaults of its parts": (
        _file("config.json", b'{"model_type": "gemma3"}'),
        r"config\.json: no text_config, which gemma3",
    ),
    "config: a link": (_linked("config.json"), r"config\.json is a link out of its folder, to /"),
    "tokenizer: a link": (
        _linked("tokenizer.json"),
        r"tokenizer\.json is a link out of its folder",
    ),
    "tokenizer config: a link": (_linked("tokenizer_config.json"), r"_config\.json is a link out"),
    "weights: a pointer": (_file("model.safetensors", POINTER), r"safetensors: a Git LFS pointer"),
    "weights: empty": (_file("model.safetensors", b""), r"model\.safetensors: truncated"),
    "weights: huge header": (_file("model.safetensors", b"\xff" * 99), r"safetensors: truncated"),
    "weights: a folder": (_instead("model.safetensors", Path.mkdir), r"has no weights"),
    "weights: none": (_weights(dict.clear), r"config\.json: vocab_size|missing"),
    "weights: NaN": (_weights(lambda w: w["shared.weight"].fill_(float("nan"))), r"published.*NaN"),
    "index of itself": (_index({"a": "model.safetensors.index.json"}), r"index\.json: 'model\.saf"),
    "index to elsewhere": (_index({"a": "../../x.safetensors"}), r"index\.json|incomplete"),
    "index of a number": (_index({"a": 1}), r"index\.json|incomplete|published"),
    "index: a list": (_index(["a"]), r"index\.json|published"),
    "tokenizer: empty": (_file("tokenizer.json", b""), r"tokenizer\.json: damaged"),
    "tokenizer: nested": (_file("tokenizer.json", b"[" * 9999), r"tokenizer\.json: damaged"),
    "tokenizer: {}": (_file("tokenizer.json", b"{}"), r"tokenizer\.json: damaged"),
    "tokenizer config": (
        _file("tokenizer_config.json", b"[1]"),
        r"_config\.json: not a JSON object",
    ),
    "adapters": (_file("adapter_config.json", b"{}"), r"adapter_config\.json: adapters of another"),
    "its own parent": (_file("parent.json", b'{"folder": "."}'), r"published"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_folder_that_makes_no_sense_is_one_message(
    tmp_path: Path, folder: Path, name: str
) -> None:
    damage, message = FAULTS[name]
    damage(folder)
    with pytest.raises(UserError, match=message):
        import_into(folder, tmp_path / "out")
    assert not (tmp_path / "out/model/manifest.json").exists()


def test_a_model_without_types_of_tokens_is_taken(folder: Path, tmp_path: Path) -> None:
    # as mDeBERTa-v3
    change(folder / "config.json", type_vocab_size=0)
    import_into(folder, tmp_path / "out")
    assert (tmp_path / "out/model/manifest.json").is_file()


def test_weights_may_be_on_another_disk(folder: Path, tmp_path: Path) -> None:
    import_into(folder, tmp_path / "own")
    _linked("model.safetensors")(folder)
    import_into(folder, tmp_path / "linked")
    name = "model/model.safetensors"
    assert (tmp_path / "own" / name).read_bytes() == (tmp_path / "linked" / name).read_bytes()


def test_a_snapshot_of_the_hub_links_to_its_blobs_only(folder: Path, tmp_path: Path) -> None:
    repository = tmp_path / "models--owner--mine"
    snapshot = repository / "snapshots/abc"
    snapshot.parent.mkdir(parents=True)
    folder.rename(snapshot)
    (repository / "blobs").mkdir()
    for file in list(snapshot.iterdir()):
        file.rename(repository / "blobs" / file.name)
        file.symlink_to(f"../../blobs/{file.name}")
    import_into(snapshot, tmp_path / "out")
    (tmp_path / "short").symlink_to(snapshot)
    import_into(tmp_path / "short", tmp_path / "out")
    secret = tmp_path / "secret.json"
    shutil.copyfile(repository / "blobs/config.json", secret)
    (snapshot / "config.json").unlink()
    (snapshot / "config.json").symlink_to(secret)
    with pytest.raises(UserError, match=r"config\.json is a link out of its folder, to .*secret"):
        import_into(snapshot, tmp_path / "out")


@pytest.mark.parametrize("count", [pytest.param(40), pytest.param(800, marks=pytest.mark.full)])
def test_damaged_folders_are_read_or_refused(tmp_path: Path, folder: Path, count: int) -> None:
    draw, wrong = random.Random(SEED), []
    names = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"]
    for number in range(count):
        file = folder / draw.choice(names)
        content = file.read_bytes()
        is_json = file.suffix == ".json" and file.name != "tokenizer.json"
        file.write_bytes((mutated_json if is_json else mutated)(content, draw))
        try:
            import_into(folder, tmp_path / "out")
        except UserError as error:
            if "published" not in str(error):
                wrong.append(f"{number}: {file.name}: no file in: {error}")
        except BaseException as error:
            wrong.append(f"{number}: {file.name}: {error!r:.300}")
        file.write_bytes(content)
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
    assert not wrong, wrong[:5]
