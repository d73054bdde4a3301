"""A training set in the target's own stage: `{mnli, T}`."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_config import STUDY, error_of, grid_of

from xstilts.errors import UserError
from xstilts.grid import Grid, identities
from xstilts.grid.products import find_product
from xstilts.plan.counts import naive_trainings

__all__ = ["error_of"]

BOTH = "  both: [squad_v1, mnli]"


def joined(tmp_path: Path, strategy: str = "[squad_v1, [mnli, target]]") -> Grid:
    text = STUDY.replace(BOTH, f"  it: {strategy}").replace("  xnli:", "  pawsx: {}\n  xnli:")
    return grid_of(tmp_path, text)


def test_the_targets_stage_trains_on_both(tmp_path: Path) -> None:
    grid = joined(tmp_path)
    chain = "squad_v1~mnli+target"
    cell = ("mini", 1, chain, "pawsx")
    assert identities.model(grid, *cell)["mixture"] == ["pawsx@qaa", "mnli@qaa"]
    assert set(identities.model(grid, *cell)["heads"]) == {"pawsx", "mnli"}
    # it starts where the stage before ended
    assert grid.parent(*cell) == grid.paths.intermediate("mini", 1, ("squad_v1",))
    product = find_product(grid, f"target/mini/seed-1/{chain}/pawsx")
    assert product.inputs[0] == grid.parent(*cell)
    # a target that trains on the same set has it once
    same = identities.model(grid, "mini", 1, chain, "xnli")
    assert same["mixture"] == ["mnli@qaa"]


def test_a_target_without_training_leaves_a_stage_of_its_own(tmp_path: Path) -> None:
    grid = joined(tmp_path)
    chain = "squad_v1~mnli+target"
    model = grid.model_of("mini", 1, chain, "tatoeba")
    assert model == grid.paths.intermediate("mini", 1, ("squad_v1", "mnli+target"))
    assert model in grid.intermediate_models()
    assert identities.model(grid, "mini", 1, chain, None)["mixture"] == ["mnli@qaa"]
    assert grid.parent("mini", 1, chain, None) == grid.paths.intermediate("mini", 1, ("squad_v1",))


def test_without_such_a_target_there_is_no_such_model(tmp_path: Path) -> None:
    text = STUDY.replace(BOTH, "  it: [[mnli, target]]")
    text = "\n".join(line for line in text.splitlines() if "tatoeba" not in line) + "\n"
    grid = grid_of(tmp_path, text)
    assert list(grid.targets) == ["xnli"]
    assert [path.split("/")[-2] for path in grid.intermediate_models()] == ["mnli"]
    assert len(grid.target_models()) == 3
    # none and it: one training each; mnli: two
    assert naive_trainings(grid) == 4


def test_it_stands_last(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'target' trains a stage jointly with the target"):
        joined(tmp_path, "[[mnli, target], squad_v1]")


def test_it_does_not_stand_alone(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="an empty mixture"):
        joined(tmp_path, "[target]")
