"""Checkpoint folders from elsewhere: no code of theirs runs, and every fault is one message."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from published_models import published_model
from safetensors.torch import load_file, save_file

from mutations import mutated, mutated_json
from xstilts.errors import UserError
from xstilts.jobs.base import checkpoint_folder, import_base
from xstilts.runner.causes import explained

SEED = 18
CODE = """from pathlib import Path
Path({marker!r}).touch()
from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizer
class Config(PretrainedConfig):
    model_type = "mine"
class Model(PreTrainedModel):
    config_class = Config
class Tokenizer(PreTrainedTokenizer):
    pass
"""
AUTO = {
    "AutoConfig": "mine.Config",
    "AutoModel": "mine.Model",
    "AutoModelForSeq2SeqLM": "mine.Model",
    "AutoTokenizer": ["mine.Tokenizer", None],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A published checkpoint."""
    return published_model("mt5", tmp_path / "published")


@pytest.fixture(params=["closed", "yes"])
def terminal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input that is closed, or answers yes to every question."""
    stream = io.StringIO("y\n" * 20)
    if request.param == "closed":
        stream.close()
    monkeypatch.setattr(sys, "stdin", stream)


def change(file: Path, **values: object) -> None:
    """Set keys of a JSON file; None removes one."""
    content = json.loads(file.read_text()) if file.is_file() else {}
    content |= values
    file.write_text(json.dumps({key: v for key, v in content.items() if v is not None}))


def import_into(folder: Path, out: Path) -> None:
    identity = {"path": str(folder), "hub": None, "revision": None}
    import_base(
        identity, tokenizer=out / "tokenizer/manifest.json", model=out / "model/manifest.json"
    )


def with_code(folder: Path) -> Path:
    """Add Python files that every automatic class of transformers would run; returns the marker."""
    marker = folder.parent / "executed"
    (folder / "mine.py").write_text(CODE.format(marker=str(marker)))
    change(folder / "config.json", auto_map=AUTO)
    change(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": AUTO["AutoTokenizer"]})
    return marker


@pytest.mark.usefixtures("terminal")
def test_code_of_a_folder_never_runs(folder: Path, tmp_path: Path) -> None:
    marker = with_code(folder)
    # transformers knows the type: its own class is used, without a word
    import_into(folder, tmp_path / "known")
    assert not marker.exists()
    for kind in ("mine", None):
        change(folder / "config.json", model_type=kind)
        with pytest.raises(
            UserError, match=r"config\.json: this model needs Python code of its own"
        ):
            import_into(folder, tmp_path / "unknown")
    change(folder / "config.json", model_type="mt5")
    change(folder / "tokenizer_config.json", tokenizer_class="Mine")
    (folder / "tokenizer.json").unlink()
    (folder / "spiece.model").write_bytes(b"x")
    with pytest.raises(
        UserError, match=r"tokenizer_config\.json: this tokenizer needs Python code"
    ):
        import_into(folder, tmp_path / "tokenizer")
    assert not marker.exists()


@pytest.mark.usefixtures("terminal")
def test_no_library_asks_even_where_nothing_checks(folder: Path) -> None:
    checkpoint_folder({"path": str(folder), "hub": None, "revision": None})
    marker = with_code(folder)
    change(folder / "config.json", model_type="mine")
    import transformers

    classes = ("AutoConfig", "AutoModel", "AutoModelForSeq2SeqLM")
    for loader in (getattr(transformers, name) for name in classes):
        with pytest.raises(ValueError, match="custom code"):
            loader.from_pretrained(folder, local_files_only=True)
    assert not marker.exists()


def test_a_kernel_of_the_hub_is_not_downloaded(folder: Path, tmp_path: Path) -> None:
    change(folder / "config.json", attn_implementation="someone/kernel")
    with pytest.raises(UserError, match=r"config\.json: attn_implementation names a kernel"):
        import_into(folder, tmp_path / "out")


class Touch:
    """A pickle of this creates a file."""

    def __init__(self, marker: str) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return Path.touch, (Path(self.marker),)  # type: ignore[return-value]


@pytest.mark.parametrize("form", ["zip", "legacy", "plain pickle", "sharded"])
def test_a_pickle_runs_no_code(folder: Path, tmp_path: Path, form: str) -> None:
    marker = tmp_path / "executed"
    weights = load_file(folder / "model.safetensors")
    file = folder / "pytorch_model.bin"
    hostile = {**weights, "x": Touch(str(marker))}
    if form == "sharded":
        index = {"weight_map": dict.fromkeys(weights, "pytorch_model-00001-of-00001.bin")}
        (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
        file = folder / "pytorch_model-00001-of-00001.bin"
    if form == "plain pickle":
        file.write_bytes(pickle.dumps(hostile))
    else:
        torch.save(hostile, file, _use_new_zipfile_serialization=form != "legacy")
    # safetensors are preferred, and the pickle is not opened
    import_into(folder, tmp_path / "safe")
    (folder / "model.safetensors").unlink()
    with pytest.raises(UserError, match=rf"{file.name}: not a file of weights only .*safetensors"):
        import_into(folder, tmp_path / "pickle")
    assert not marker.exists()


def test_a_pickle_of_weights_is_read(folder: Path, tmp_path: Path) -> None:
    import_into(folder, tmp_path / "safe")
    weights = load_file(folder / "model.safetensors")
    torch.save(weights, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    import_into(folder, tmp_path / "pickle")
    name = "model/model.safetensors"
    assert (tmp_path / "safe" / name).read_bytes() == (tmp_path / "pickle" / name).read_bytes()


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
        r"config\.json: vocab_size 1000000000000 times",
    ),
    "huge layers": (_config(d_ff=10**10), r"config\.json: d_ff 10000000000 times"),
    "unknown type": (_config(model_type="hal9000"), r"config\.json: .*hal9000"),
    "type as list": (_config(model_type=["mt5"]), r"published"),
    "no sizes": (_config(vocab_size=None), r"published"),
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


def test_a_job_names_the_file_that_it_may_not_read(tmp_path: Path) -> None:
    def job() -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / "secret"))

    with pytest.raises(UserError, match=r"secret: Permission denied\. Check"), explained(job, "x"):
        job()
    with pytest.raises(UserError, match="x: the memory"), explained(job, "x"):
        raise MemoryError
    with pytest.raises(KeyError), explained(job, "x"):
        raise KeyError("a fault of the program stays one")
