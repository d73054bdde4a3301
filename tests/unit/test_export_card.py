"""The card of an exported model, and adapters of a study that belong to its other models."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
from huggingface_hub import ModelCard
from test_config import grid_of
from test_export import random_model
from test_lora_stages import stage as lora_stage
from test_lora_stages import study as lora_study
from test_models_bert import published as bert_type

from xstilts import cli
from xstilts.export.card import Choices, write_card
from xstilts.export.model import convert
from xstilts.export.scores import Score
from xstilts.export.stage import find_stage
from xstilts.export.usage import Written
from xstilts.grid import identities
from xstilts.jobs.base import import_base
from xstilts.manifest import full_identity, write_manifest
from xstilts.tasks import TASKS


@pytest.mark.full
def test_adapters_of_a_study_need_their_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = lora_study(tmp_path)
    monkeypatch.chdir(tmp_path)
    base = Path(grid.paths.base("qwen"))
    import_base(
        identities.imported_base(grid, "qwen"),
        tokenizer=Path(grid.paths.tokenizer("qwen")), model=base,
    )  # fmt: skip
    middle = grid.paths.intermediate("qwen", 1, ("mnli",))
    lora_stage(grid, str(base), middle, "mnli", None)
    arguments = ["export", str(Path(middle).parent), "out", "--configfile", "study.yaml"]
    assert cli.main(arguments) == 2
    told = capsys.readouterr().err
    assert f"xstilts export {base.parent} FOLDER" in told
    assert "--parent, or write all weights with --merge" in told

    assert cli.main([*arguments, "--merge"]) == 0
    assert "without the head 'mnli'" in capsys.readouterr().out
    found = {path.name for path in Path("out").iterdir()}
    assert {"model.safetensors", "heads.safetensors", "heads.json"} <= found
    card = ModelCard.load("out/README.md")
    assert "Its weights are in `heads.safetensors`" in card.text
    assert "the encoder alone: transformers has no class for the head `mnli`" in card.text

    arguments[2] = "adapters"
    assert cli.main([*arguments, "--parent", "owner/parent"]) == 0
    found = {path.name for path in Path("adapters").iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json"} <= found
    assert "model.safetensors" not in found
    card = ModelCard.load("adapters/README.md")
    assert (card.data.library_name, card.data.tags[-1]) == ("peft", "lora")
    assert "--parent owner/parent" in card.text


PUBLISHED = """\
study: tiny
source: hub
seeds: [1]
bases:
  e5: {hub: intfloat/multilingual-e5-small, revision: 0123456789012345678901234567890123456789}
strategies:
  none: []
  mnli: [mnli]
targets:
  xnli: {languages: [en, sw]}
"""


def test_the_card_of_a_model_on_a_published_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    grid = grid_of(tmp_path, PUBLISHED, files_must_exist=False)
    published, model = tmp_path / "published", Path(grid.paths.target("e5", 1, ("mnli",), "xnli"))
    published.mkdir()
    (published / "README.md").write_text("---\nlicense: mit\n---\n# A model\n")
    source = {"source": {"hub": "nyu-mll/glue", "revision": "abc"}}
    stage_of = {"seed": 1, "mixture": ["mnli@en"], "recipe": {"learning_rate": 1e-5}}
    for path, declared, facts in (
        (grid.paths.base("e5"), {}, {"source": str(published)}),
        (grid.paths.data("mnli", "en", "train"), source, {"rows": 9000, "licence": "OANC"}),
        (grid.paths.intermediate("e5", 1, ("mnli",)), stage_of, {}),
        (model, stage_of, {}),
    ):
        Path(path).parent.mkdir(parents=True)
        write_manifest(Path(path), full_identity(declared, {}), files={}, facts=facts)
    made = find_stage(grid, str(model.parent))
    written = Written(
        converted=convert(*random_model(bert_type("bert", tmp_path / "model"), "classification")),
        head="mnli", wanted_kind="classification",
    )  # fmt: skip
    score = Score(
        target="xnli", task="xnli", kind="classification", split="test", protocol="recommended",
        language="sw", metric="accuracy", value=61.5, low=59.0, high=math.nan, examples=5010,
        remark="", corpus="",
    )  # fmt: skip
    without = dataclasses.replace(
        score, language="en", low=math.nan, remark="predictions are missing"
    )
    choices = Choices(licence=None, make="snakemake", export="xstilts")
    write_card(made, written, [score, without], ["A remark."], choices, tmp_path)
    card = ModelCard.load(tmp_path / "README.md")
    data = card.data.to_dict()
    assert data["base_model"] == "intfloat/multilingual-e5-small"
    assert data["base_model_relation"] == "finetune"
    assert (data["license"], data["language"]) == ("mit", ["en", "sw"])
    assert data["datasets"] == [TASKS["mnli"].hub.repo]
    assert [result.metric_value for result in card.data.eval_results] == [61.5, 61.5]
    for part in (
        "e5 → mnli → xnli",
        "| mnli@en | 9,000 | hub: nyu-mll/glue at abc |",
        "* base model e5: mit",
        "* mnli@en: OANC",
        "Before this study, e5 was trained on snli, mnli,",
        "repeat this training",
        "Without an interval: xnli: predictions are missing.",
        "A remark.",
    ):
        assert part in card.text
    # no folder of this machine
    assert str(tmp_path) not in card.text
