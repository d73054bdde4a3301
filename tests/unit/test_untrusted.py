"""Checkpoint folders from elsewhere: no code of theirs runs."""

from __future__ import annotations

import io
import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from published_models import published_model
from safetensors.torch import load_file
from untrusted_folder import change, import_into, with_code

from xstilts.errors import UserError
from xstilts.jobs.base import checkpoint_folder


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
def test_the_loader_of_models_never_asks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import dynamic_module_utils

    from xstilts.models.checkpoint import load_whole

    # without the check, and as if nobody had switched the question off
    monkeypatch.setattr(dynamic_module_utils, "TIME_OUT_REMOTE_CODE", 15)
    marker = with_code(folder)
    load_whole(folder)
    change(folder / "config.json", model_type="mine")
    with pytest.raises(UserError, match=r"config\.json: transformers .* cannot build model_type"):
        load_whole(folder)
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
