"""Adapters in a study file: levels, errors, and identities of other stages."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_config import STUDY, grid_of

from xstilts.config.adapters import Lora
from xstilts.config.recipe import RUNTIME_KEYS, TASK_KEYS, Recipe
from xstilts.errors import UserError
from xstilts.grid import Grid, identities
from xstilts.models.adapters import Adapters as LoraAdapters
from xstilts.models.encoder import build_encoder
from xstilts.models.shape import EncoderShape
from xstilts.training.memory import AdapterShape, Workload, estimate

FULL = {"rank": 16, "alpha": 32.0, "dropout": 0.05, "modules": "all-linear", "merge": True}


def study_with(tmp_path: Path, **changes: Any) -> Grid:
    return grid_of(tmp_path, yaml.safe_dump({**yaml.safe_load(STUDY), **changes}))


def two_bases(recipe: dict[str, Any]) -> dict[str, Any]:
    pretrain = {"vocab_size": 500}
    return {"small": {"pretrain": pretrain}, "large": {"pretrain": pretrain, "recipe": recipe}}


def test_without_adapters_the_recipe_is_unchanged(tmp_path: Path) -> None:
    recipe = study_with(tmp_path).recipe("mini", "mnli", None)
    assert set(recipe) == set(Recipe.model_fields) - {*TASK_KEYS, *RUNTIME_KEYS, "lora"}
    code = identities.model(study_with(tmp_path), "mini", 1, "mnli", "xnli")["code"]
    assert "xstilts.models.adapters" not in code


def test_a_base_has_a_recipe_of_its_own(tmp_path: Path) -> None:
    bases = two_bases({"lora": {"rank": 8}, "learning_rate": 3e-4})
    grid = study_with(tmp_path, bases=bases)
    for levels in (("mnli", None), ("mnli", "xnli"), ("none", "xnli")):
        small, large = (grid.recipe(base, *levels) for base in ("small", "large"))
        assert large == {**small, "learning_rate": 3e-4, "lora": FULL | {"rank": 8}}
    # pretraining has its own section
    assert grid.recipe("large", "none", None) == grid.recipe("small", "none", None)
    assert "xstilts.models.adapters" in identities.model(grid, "large", 1, "none", "xnli")["code"]


@pytest.mark.parametrize("merge", [True, False])
def test_predictions_depend_on_the_code_that_loads_adapters(tmp_path: Path, merge: bool) -> None:
    grid = study_with(tmp_path, bases=two_bases({"lora": {"merge": merge}}))
    found = identities.predictions(grid, "xnli")["code"]
    assert ("xstilts.models.adapters" in found) is not merge


def test_narrower_levels_win_key_by_key(tmp_path: Path) -> None:
    grid = study_with(
        tmp_path,
        bases=two_bases({"learning_rate": 2e-4, "lora": {"alpha": 8}}),
        recipes={"all": {"lora": {"rank": 4}}, "tasks": {"mnli": {"learning_rate": 9e-4}}},
        targets={"xnli": {"recipe": {"lora": {"enabled": False}, "learning_rate": 1e-6}}},
    )
    large = grid.recipe("large", "mnli", None)
    assert large["learning_rate"] == 2e-4
    assert large["lora"] == FULL | {"rank": 4, "alpha": 8.0}
    assert grid.recipe("small", "mnli", None)["lora"] == FULL | {"rank": 4}
    target = grid.recipe("large", "mnli", "xnli")
    assert target["learning_rate"] == 1e-6
    assert "lora" not in target


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"lora": {"rank": 0}}, r"recipes\.all\.lora\.rank: "),
        ({"lora": {"ranks": 4}}, r"'ranks' is not a known key\. Did you mean 'rank'"),
        ({"lora": {"modules": []}}, r"recipes\.all\.lora\.modules: "),
        ({"lora": {"quantise": "4bit"}}, r"merging adapters into 4bit weights.*merge: false"),
        ({"lora": {"quantise": "2bit", "merge": False}}, r"'2bit' is not accepted"),
    ],
)
def test_bad_adapters_are_refused_at_once(
    tmp_path: Path, recipe: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        study_with(tmp_path, recipes={"all": recipe})


def test_pretraining_takes_no_adapters(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"recipes: lora needs pretrained weights"):
        study_with(tmp_path, recipes={"pretrain": {"lora": {"rank": 4}}})
    pretrain = {"vocab_size": 500, "recipe": {"lora": {}}}
    with pytest.raises(UserError, match=r"bases\.mini\.pretrain: lora needs pretrained weights"):
        study_with(tmp_path, bases={"mini": {"pretrain": pretrain}})


def test_a_base_does_not_set_options_of_tokenisation(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"bases\.large: .*max_length cannot differ"):
        study_with(tmp_path, bases=two_bases({"max_length": 64}))


def test_parsing_needs_no_peft(tmp_path: Path) -> None:
    before = set(sys.modules)
    study_with(tmp_path, recipes={"all": {"lora": {"quantise": "4bit", "merge": False}}})
    assert not {name for name in set(sys.modules) - before if name.startswith(("peft", "torch"))}


# --- memory -------------------------------------------------------------------------------------

SHAPE = EncoderShape(width=32, layers=2, heads=2, inner=64, vocabulary=50, positions=34)


@pytest.mark.parametrize("modules", ["all-linear", ["query", "output.dense"]])
def test_adapter_parameters_are_counted(modules: Any) -> None:
    encoder = build_encoder(
        {"vocab_size": 50, "hidden_size": 32, "num_layers": 2, "num_heads": 2,
         "intermediate_size": 64, "max_length": 32, "dropout": 0.1}
    )  # fmt: skip
    lora = Lora(rank=4, alpha=8.0, dropout=0.1, modules=modules, merge=True)
    weights = LoraAdapters(encoder, lora).weights()
    counted = AdapterShape(rank=4, modules=modules, dropout=True).parameters(SHAPE)
    assert counted == sum(tensor.numel() for tensor in weights.values())


def test_frozen_weights_have_no_gradients_or_moments() -> None:
    work = Workload(shape=SHAPE, max_tokens=512, length=32, device="gpu")
    whole = estimate(work)
    adapters = AdapterShape(rank=4, modules="all-linear", dropout=True)
    some = estimate(replace(work, adapters=adapters))
    assert some.gradients == 4 * adapters.parameters(SHAPE) < whole.gradients / 2
    assert some.moments == 2 * some.gradients
    assert some.weights == whole.weights + some.gradients
    small = replace(work, adapters=replace(adapters, quantise="4bit"))
    saved = some.weights - estimate(small).weights
    assert 3.4 * SHAPE.matrices < saved < 3.5 * SHAPE.matrices
