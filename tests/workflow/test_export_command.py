"""``xstilts export``: the folder, its card, uploads, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from huggingface_hub import ModelCard, constants

import xstilts.retries
from hub_server import Hub, serving
from xstilts import cli
from xstilts.manifest import read_manifest

if TYPE_CHECKING:
    from checkout import Checkout

pytestmark = pytest.mark.workflow
MODEL = "results/tiny/target/mini/seed-1/mnli/xnli"


def export(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Call the command here, and return its exit code and output."""
    code = cli.main(["export", *arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


@pytest.fixture
def here(finished: Checkout, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(finished.folder)
    return finished.folder


def test_the_card_of_a_target_model(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code, output = export(MODEL, str(out), "--license", "mit", capsys=capsys)
    assert code == 0, output
    assert "a model for AutoModelForSequenceClassification; outputs as trained" in output
    assert list(tmp_path.iterdir()) == [out]
    card = ModelCard.load(out / "README.md")
    data = card.data.to_dict()
    assert data["license"] == "mit"
    assert data["pipeline_tag"] == "text-classification"
    # invented languages have no codes, and generated data is not that of the hub
    assert "language" not in data and "datasets" not in data
    results = card.data.eval_results
    assert [(r.dataset_config, r.metric_type) for r in results] == [
        ("qaa", "accuracy"),
        ("qab", "accuracy"),
    ]
    manifest = read_manifest(Path(MODEL) / "manifest.json")
    for part in (
        "mini → mnli → xnli",
        "No evidence about human languages",
        f"| target/mini/seed-1/mnli/xnli | mnli@qaa | 1 | `{manifest.id}` |",
        "| intermediate/mini/seed-1/mnli | mnli@qaa | 1 |",
        "mini was pretrained in this study and has seen nothing before.",
        "| mnli@qaa | 48 | microworld (generated, seed 0) |",
        f"Identity `{manifest.id}`, content `{manifest.content}`",
        f"snakemake --cores all {MODEL}/manifest.json",
        f"xstilts export {MODEL} {out} --license mit",
    ):
        assert part in card.text
    rows = [line.split("|")[1:-1] for line in card.text.splitlines() if line.startswith("| xnli |")]
    assert len(rows) == 2
    for row in rows:
        low, high = row[4].split("to")
        assert 0 <= float(low) < float(row[3]) < float(high) <= 100
    recipes = card.text.split("```yaml\n")[1:]
    assert yaml.safe_load(recipes[-1].split("```")[0]) == manifest.identity["declared"]["recipe"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("results/tiny/target/mini/seed-1/mnli/xnl", "Did you mean 'xnli'?"),
        (
            "results/tiny/scores/mini/seed-1/mnli/xnli.parquet",
            f"one of the study's scores, not a trained model. * Did you mean {MODEL}?",
        ),
        (f"{MODEL}/model.safetensors", f"expected a path of the form * Did you mean {MODEL}?"),
        ("results/tiny/bases/mini/tokenizer", "a tokenizer, not a trained model"),
        ("results/tiny/tables/transfer.md", "not a trained model"),
        ("results/other/target/mini", "belongs to the study 'other'"),
    ],
)
def test_paths_of_no_finished_model(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str, message: str
) -> None:
    code, output = export(path, str(tmp_path / "out"), capsys=capsys)
    assert code == 2
    for part in message.split(" * "):
        assert part in output
    assert not any(tmp_path.iterdir())


def test_a_stage_that_is_not_finished(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(here / "results/tiny", copy / "results/tiny")
    shutil.copy(here / "config.yaml", copy)
    monkeypatch.chdir(copy)
    weights = Path(MODEL, "model.safetensors")
    damaged = bytearray(weights.read_bytes())
    damaged[-1] ^= 1
    weights.write_bytes(damaged)
    code, output = export(MODEL, "out", capsys=capsys)
    assert (code, "damaged: its content has changed" in output) == (2, True)
    Path(MODEL, "manifest.json").unlink()
    code, output = export(MODEL, "out", capsys=capsys)
    assert code == 2
    assert f"not made yet. Make it: snakemake --cores all {MODEL}/manifest.json." in output
    assert "Did you mean results/tiny/target/mini/seed-1/none/xnli?" in output
    assert not Path("out").exists()


def test_folders_and_options_that_are_refused(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    out = str(tmp_path / "out")
    for arguments, message in (
        ([MODEL, str(tmp_path / "full")], "not empty. Name a folder that does not exist"),
        ([MODEL, str(tmp_path / "full/file")], "a file. Name a folder"),
        ([MODEL, out, "--head", "mnly"], "Did you mean 'mnli'?"),
        ([MODEL, out, "--parent", "owner/base"], "--parent is for models that are stored as"),
        ([MODEL, out, "--push", "a/b/c"], "--push: 'a/b/c' is not a repository of the hub"),
    ):
        code, output = export(*arguments, capsys=capsys)
        assert (code, message in output) == (2, True), output
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    code, output = export(MODEL, out, "--push", "owner/model", capsys=capsys)
    assert (code, "HF_HUB_OFFLINE forbids the network" in output) == (2, True), output
    assert not Path(out).exists()


def test_an_encoder_is_uploaded(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub()
    monkeypatch.setattr(xstilts.retries, "WAITS", (0.0,))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    model = "results/tiny/intermediate/mini/seed-1/mnli"
    with serving(hub):
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setenv("HF_TOKEN", "hf_reader")
        out = tmp_path / "refused"
        arguments = (model, str(out), "--head", "none", "--push", "owner/encoder")
        code, output = export(*arguments, capsys=capsys)
        assert code == 2
        assert "Set HF_TOKEN to a token that may write to owner/encoder" in output
        assert f"{out} is complete" in output
        hub.writers.add("hf_writer")
        monkeypatch.setenv("HF_TOKEN", "hf_writer")
        hub.faults["/api/repos/create"] = [503]
        code, output = export(model, str(tmp_path / "out"), *arguments[2:], capsys=capsys)
        assert code == 0, output
        assert f"{hub.url}/owner/encoder: uploaded." in output
    found = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert hub.files["owner/encoder"] == found
    assert {"README.md", "config.json", "model.safetensors", "tokenizer.json"} <= set(found)
    assert hub.commits == [
        f"intermediate/mini/seed-1/mnli, identity {read_manifest(Path(model, 'manifest.json')).id}"
    ]
    card = found["README.md"].decode()
    # the intermediate model predicts the target that needs no training
    assert "| tatoeba | qab | accuracy |" in card
    assert "tatoeba compares sentence vectors of the hidden states" in card
    assert "This is the encoder alone, without a head." in card
