"""Strategies, targets and claims that repeat what a base model was already trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xstilts.comparisons.tables.claims import _prior_training
from xstilts.config.claims import Claim
from xstilts.errors import UserError
from xstilts.grid import Grid
from xstilts.grid.prior_training import Repeated, notes, repeated
from xstilts.jobs.tables import build_tables
from xstilts.prior_training import KNOWN, shared_data
from xstilts.tasks import TASKS

STUDY: dict[str, Any] = {
    "study": "seen",
    "source": "hub",
    "seeds": [1],
    "bases": {"e5": {"hub": "intfloat/multilingual-e5-small"}, "xlmr": {"hub": "FacebookAI/xlm-r"}},
    "strategies": {"none": [], "sick-like": ["cosmosqa"], "nli": ["mnli"], "two": ["squad_v2"]},
    "targets": {"xnli": {"languages": ["de"]}, "udpos": {"languages": ["de"]}},
}


def grid(**changes: Any) -> Grid:
    return Grid.load(STUDY | changes, [])


def test_known_models_name_tasks_of_this_package() -> None:
    assert all(task in TASKS for known in KNOWN.values() for task in known.tasks)


def test_strategies_and_targets_that_repeat_prior_training() -> None:
    found = repeated(grid(), "e5")
    # XNLI's target stage trains on MultiNLI; SQuAD 2.0 includes the questions of 1.1
    assert found.strategies == {"nli": ["mnli"], "two": ["squad_v1"]}
    assert found.targets == {"xnli": ["mnli"]}
    assert repeated(grid(), "xlmr") == ({}, {})
    [note] = notes(grid())
    assert note.startswith("e5 was already trained on mnli, squad_v1 (Wang et al. 2024")
    assert "strategies nli, two and target xnli" in note


def test_composites_repeat_their_parts_and_the_other_way_round() -> None:
    seen = KNOWN["intfloat/multilingual-e5-small"].tasks
    assert shared_data(TASKS["anli_plus"], seen, TASKS) == ["snli", "mnli"]
    for name in ("mnli", "snli", "anli", "anli_r2"):
        assert shared_data(TASKS[name], ["anli_plus"], TASKS) == ["anli_plus"]
    assert shared_data(TASKS["squad_v1"], ["squad_v2"], TASKS) == ["squad_v2"]
    assert shared_data(TASKS["xnli"], ["anli_plus"], TASKS) == []


def test_a_strategy_and_a_target_of_one_name_are_marked_apart(tmp_path: Path) -> None:
    bases = {"own": {"hub": "me/model", "trained_on": ["mnli"]}}
    study = grid(bases=bases, strategies={"none": [], "xnli": ["cosmosqa"]})
    assert repeated(study, "own") == ({}, {"xnli": ["mnli"]})
    build_tables(study, tmp_path)
    text = (tmp_path / "transfer.md").read_text(encoding="utf-8")
    assert "xnli § |" in text
    assert "| xnli § " not in text


def test_declared_prior_training_replaces_what_is_known() -> None:
    bases = {"e5": {"hub": "intfloat/multilingual-e5-small", "trained_on": []}}
    assert repeated(grid(bases=bases), "e5") == ({}, {})
    bases = {"own": {"hub": "me/model", "trained_on": ["udpos"]}}
    assert repeated(grid(bases=bases), "own") == ({}, {"udpos": ["udpos"]})
    assert "own was already trained on udpos: target udpos" in next(notes(grid(bases=bases)))


def test_unknown_task_is_refused() -> None:
    bases = {"own": {"hub": "me/model", "trained_on": ["mnil"]}}
    with pytest.raises(UserError, match=r"trained_on\[0\].*'mnil'.*Did you mean 'mnli'"):
        grid(bases=bases)


def test_tables_mark_them(tmp_path: Path) -> None:
    build_tables(grid(), tmp_path)
    text = (tmp_path / "transfer.md").read_text(encoding="utf-8")
    assert "> e5 was already trained on mnli, squad_v1" in text
    e5, xlmr = text.split("## xlmr")
    assert "| nli § " in e5 and "xnli § |" in e5 and "§ repeats what the base model" in e5
    assert "§" not in xlmr
    assert r"nli \S{}" in (tmp_path / "transfer.tex").read_text(encoding="utf-8")


def claim(**predicate: Any) -> Claim:
    return Claim.model_validate(
        {"id": "c", "statement": "s", "source": "p", "mark": "verified", "predicate": {**predicate}}
    )


def test_claims_about_them_say_so() -> None:
    seen = Repeated({"nli": ["mnli"]}, {"xnli": ["snli"]})
    for strategy, targets, tasks in (
        ("two", ["udpos"], ""),
        ("two", ["xnli"], "snli"),
        ("nli", ["udpos"], "mnli"),
        # all targets, not all strategies
        ("two", "all", "snli"),
        ("nli", "all", "mnli, snli"),
    ):
        settings = {"strategy": strategy, "targets": targets, "more_than": 0}
        expected = f"the base was already trained on {tasks}" if tasks else ""
        assert _prior_training(claim(compare=settings), seen) == expected
