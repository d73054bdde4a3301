"""Golden stages train to known weights: a refactoring changes no number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from golden_stages import (
    STAGES,
    changed_stages,
    losses_agree,
    platform_key,
    read_golden,
    train_golden,
)

CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("golden")


@pytest.mark.parametrize("name", STAGES)
def test_a_golden_stage_trains_to_its_known_weights(folder: Path, name: str) -> None:
    known = read_golden()["current"][name]
    found = train_golden(folder, name)
    assert losses_agree(known["losses"], found["losses"]), found["losses"]
    # on a platform without known weights, only the losses are compared
    assert known["weights"].get(platform_key(), found["weights"]) == found["weights"]


def test_the_changelog_names_the_stages_whose_numbers_changed() -> None:
    newest = CHANGELOG.read_text(encoding="utf-8").split("\n## ")[1]
    found = re.search(
        r"^\*\*Golden stages (unchanged|changed: (?P<stages>[\w, ]+))\.\*\*", newest, re.M
    )
    assert found, (
        "the newest section needs **Golden stages unchanged.** or **Golden stages changed: …**"
    )
    named = set(re.findall(r"\w+", found["stages"] or ""))
    assert named == changed_stages(read_golden())


def test_different_losses_do_not_agree() -> None:
    assert losses_agree([1.0, 0.5], [1.001, 0.5])
    assert not losses_agree([1.0, 0.5], [1.0, 0.55])
    assert not losses_agree([1.0], [1.0, 0.5])
