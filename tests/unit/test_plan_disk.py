"""Disk of a plan, compared with the folders of real trainings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from engine_world import make_tokens, recipe
from test_config import STUDY, grid_of
from test_training_lora import lora, random_model, run

from xstilts.plan.build import Options, build_plan
from xstilts.plan.disk import PER_MODEL
from xstilts.plan.shapes import shape_of_base

if TYPE_CHECKING:
    from pathlib import Path

TOLERANCE = 0.15
RANK = 16


def disk_of(tmp_path: Path, base: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The disk of the toy study with this base, whose stages have seven models."""
    text = yaml.safe_dump({**yaml.safe_load(STUDY), "bases": {"mini": base}})
    plan = build_plan(
        grid_of(tmp_path, text, files_must_exist=False),
        Options(results=tmp_path / "none", **options),
    )
    return plan["disk"]


@pytest.mark.parametrize("merge", [True, False], ids=["merged", "apart"])
def test_planned_size_of_a_model_is_that_of_its_folder(tmp_path: Path, merge: bool) -> None:
    _, tokens = make_tokens(tmp_path, "classification", 96)
    start = random_model(tmp_path / "start", tokens, hidden_size=128, intermediate_size=512)
    how = recipe(lora=lora(rank=RANK, merge=merge), max_steps=4)
    folder = run(tmp_path, start, tokens, how)
    left = sum(file.stat().st_size for file in folder.iterdir())
    stages = {"lora": {"rank": RANK, "merge": merge}, "max_steps": 4, "selection": "last"}
    found = disk_of(tmp_path, {"path": str(start), "recipe": stages})["bases"]["mini"]
    kept = found["model_bytes"] if merge else found["adapter_bytes"]
    assert kept == pytest.approx(left, rel=TOLERANCE)
    if not merge:
        # only the base is a whole model
        assert (found["models"], found["adapters"]) == (1, 6)
        whole = found["model_bytes"]
        assert whole == pytest.approx((start / "model.safetensors").stat().st_size, rel=TOLERANCE)
        assert found["kept_bytes"] == pytest.approx(whole + 6 * kept, abs=6)


def test_training_states_contain_trained_weights_only(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        json.dumps(
            {"model_type": "xlm-roberta", "vocab_size": 250_002, "hidden_size": 768,
             "num_hidden_layers": 2, "num_attention_heads": 12, "intermediate_size": 3072,
             "max_position_embeddings": 514}
        )
    )  # fmt: skip
    base: dict[str, Any] = {"path": str(tmp_path)}
    text = yaml.safe_dump({**yaml.safe_load(STUDY), "bases": {"mini": base}})
    grid = grid_of(tmp_path, text, files_must_exist=False)
    shape = shape_of_base(grid, "mini")
    # dense and output of the largest head, for three classes
    head = 768 * 769 + 3 * 769
    disk = disk_of(tmp_path, base, concurrent=3)
    # two states of weights, two moments and the best weights for each stage in training
    state = 2 * 4 * 4 * (shape.parameters + head)
    assert disk["bases"]["mini"]["state_bytes_while_training"] == state
    assert disk["peak_bytes"] - disk["kept_bytes"] == 3 * state
    pruned = disk_of(tmp_path, base, distinct_tokens=40_000)["bases"]["mini"]
    rows = 2 * 4 * 4 * (250_002 - 40_000) * 768
    assert pruned["state_bytes_while_training"] == state - rows
    assert pruned["kept_bytes"] == disk["bases"]["mini"]["kept_bytes"]
    small = disk_of(tmp_path, base | {"recipe": {"lora": {"rank": RANK}}})["bases"]["mini"]
    adapters = 2 * RANK * (4 * 2 * 768 + 2 * (768 + 3072))
    assert small["state_bytes_while_training"] == 2 * 4 * 4 * (adapters + head)


def test_unknown_sizes_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # without results of this checkout
    unheard = {"hub": "x/unheard-of"}
    assert disk_of(tmp_path, unheard)["unknown"] == ["mini"]
    given = disk_of(tmp_path, unheard, parameters={"mini": 3e8})
    assert given["unknown"] == []
    assert given["bases"]["mini"]["model_bytes"] == pytest.approx(4 * 3e8 + PER_MODEL, rel=1e-4)
    adapters = {"recipe": {"lora": {"rank": 4, "merge": False}}}
    found = disk_of(tmp_path, unheard | adapters, parameters={"mini": 3e8})
    assert found["unknown"] == ["mini"]
    assert found["bases"]["mini"]["adapter_bytes"] is None
