"""The shipped studies: numbers of trainings, in full and in the microworld version."""

from __future__ import annotations

import socket
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml

from xstilts.config.load import load_claims
from xstilts.config.recipe import Recipe
from xstilts.config.scale import MICROWORLD as REPLACED
from xstilts.config.scale import at_scale
from xstilts.errors import UserError
from xstilts.grid import Grid, identities, summaries
from xstilts.grid.source_report import data_sets, source_lines
from xstilts.identity import digest
from xstilts.tasks import TASKS
from xstilts.training.mixture import num_steps, task_of_steps

ROOT = Path(__file__).parents[2]


def grid(name: str, **changes: Any) -> Grid:
    """The grid of a shipped study as if it had all its data."""
    file = ROOT / f"studies/{name}.yaml"
    config = yaml.safe_load(file.read_text(encoding="utf-8")) | {"when_missing": "error"} | changes
    # paths are relative to the checkout
    config["claims"] = [str(ROOT / claims) for claims in config.get("claims", [])]
    return Grid.load(config, [file], files_must_exist=False)


# Trainings = bases x seeds x (nodes of the prefix tree below the base
#                              + strategies, the baseline included, x targets with training data).
#
# phang2020: 9 tasks + multi-task + the same with MLM + MLM alone + 3 with MLM + 3 translated = 18
#   chains of one stage; 7 of XTREME's 9 targets are trained: 1 x 3 x (18 + 19 x 7) = 453. The
#   second protocol and the choice on dev sets train nothing. Microworld: 5 chains; 2 of 4 targets.
# sequences_vs_joint: 3 single, 6 ordered pairs below them, 3 joint and 3 even mixtures = 15
#   nodes; the 3 strategies with the target add none; all 3 targets are trained:
#   1 x 3 x (15 + 19 x 3) = 216. Microworld: 2 single, 2 pairs, 1 joint, 1 even; 8 strategies.
# complexity_and_scale: 5 sets of equal size and 2 whole ones = 7; 5 of 6 targets; 14 models:
#   14 x 3 x (7 + 8 x 5) = 1974. Microworld: 3 models, 3 sets, 2 of 3 targets.
# african: 8 single = 8; 13 of 14 targets: 2 x 3 x (8 + 9 x 13) = 750. Microworld: 4; 2 of 3.
# pawsx_sources: 7 languages and 2 mixtures of all = 9; 10 of 11 targets:
#   1 x 3 x (9 + 10 x 10) = 327. Microworld: 4 languages and a mixture; 5 targets.
# english_vs_non_english: 15 languages and a mixture = 16; 7 of XTREME's 9 targets:
#   3 models: 3 x 3 x (16 + 17 x 7) = 1215. Microworld: 1 model, 4 languages and a mixture; 3 of 4
#   targets.
STUDIES = {
    "phang2020": (1, 3, 18, 19, 7, 453),
    "sequences_vs_joint": (1, 3, 15, 19, 3, 216),
    "complexity_and_scale": (14, 3, 7, 8, 5, 1974),
    "african": (2, 3, 8, 9, 13, 750),
    "pawsx_sources": (1, 3, 9, 10, 10, 327),
    "english_vs_non_english": (3, 3, 16, 17, 7, 1215),
}
# microworld versions: bases, nodes, strategies, trained targets, trainings
MICROWORLD = {
    "phang2020": (1, 5, 6, 2, 17),
    "sequences_vs_joint": (1, 6, 8, 3, 30),
    "complexity_and_scale": (3, 3, 4, 2, 33),
    "african": (2, 4, 5, 2, 28),
    "pawsx_sources": (1, 5, 6, 5, 35),
    "english_vs_non_english": (1, 5, 6, 3, 23),
}


def trainings(study: Grid) -> tuple[int, int]:
    """Numbers of intermediate and target models."""
    intermediate = set(study.intermediate_models())
    target = {path for path in study.target_models() if "/target/" in path}
    return len(intermediate), len(target)


@pytest.mark.parametrize("name", STUDIES)
def test_trainings_of_the_full_study(name: str) -> None:
    bases, seeds, nodes, strategies, trained, total = STUDIES[name]
    study = grid(name)
    assert (len(study.study.bases), len(study.study.seeds)) == (bases, seeds)
    intermediate, target = trainings(study)
    assert intermediate == bases * seeds * nodes
    assert target == bases * seeds * strategies * trained
    assert intermediate + target == total


@pytest.mark.parametrize("name", STUDIES)
def test_the_microworld_version_has_the_same_chains(name: str) -> None:
    bases, nodes, strategies, trained, total = MICROWORLD[name]
    small, full = grid(name, scale="microworld"), grid(name)
    assert small.paths.root == f"results/{name}-microworld"
    assert small.study.seeds == [1]
    assert trainings(small) == (bases * nodes, bases * strategies * trained)
    assert sum(trainings(small)) == total
    # targets may be left out but not added
    assert set(small.targets) <= set(full.targets)
    missing = set(full.study.strategies) - set(small.study.strategies)
    assert missing == set(full.study.microworld_scale.without)
    for strategy in small.study.strategies:
        stages = [node.members for node in small.names.strategies[strategy]]
        wanted = [node.members for node in full.names.strategies[strategy]]
        assert [{m.task for m in members} for members in stages] == [
            {m.task for m in members} for members in wanted
        ]


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_starts_from_its_file_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an empty clone, without any key set, and without a network."""

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for folder in ("studies", "data"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "studies/claims").symlink_to(ROOT / "studies/claims")
    study = Grid.load(None, [ROOT / f"studies/{name}.yaml"])
    # only CCGbank cannot be had
    lost = {"phang2020": {"ccg"}}.get(name, set())
    assert {member.task for member in study.gaps.members} == lost
    assert not study.gaps.targets
    assert not study.gaps.languages
    assert set(study.gaps.strategies) == lost
    assert set(study.gaps.renamed.values()) == (
        {"multi (8 of 9)", "multi-mlm (11 of 12)"} if lost else set()
    )
    assert (study.study.source, study.study.when_missing) == ("auto", "skip")
    named = {line.partition(":")[0] for line in source_lines(study)}
    assert named <= {"hub", "url", "hub wikimedia/wikipedia", "translation"}
    for task, sets in data_sets(study).items():
        language, split = sets[0]
        assert identities.data(study, task, language, split)["source"]
        assert identities.data_files(study, task, language, split)


def test_a_joint_stage_takes_as_many_steps_as_the_sequence_of_its_parts() -> None:
    study = grid("sequences_vs_joint")
    recipes = {
        chain: Recipe(**study.recipe("xlmr-large", chain, None))
        for chain in study.intermediate_chains
    }
    sizes = {name: int(TASKS[name].sizes["train"]) for name in ("mnli", "squad_v1", "hellaswag")}
    for first, second in combinations(sizes, 2):
        alone = {name: num_steps([sizes[name]], recipes[name]) for name in (first, second)}
        for chain in (f"{first}+{second}", f"even-{first}-{second}"):
            both = {name: sizes[name] for name in (first, second)}
            taken = Counter(task_of_steps(both, recipes[chain], seed=1).tolist())
            assert sum(taken.values()) == sum(alone.values())
            if chain.startswith("even"):
                assert abs(taken[0] - taken[1]) <= 1
            else:
                # of each set as many as in the sequence, but for the last, cut batch of an epoch
                assert abs(taken[0] - alone[first]) <= 2


@pytest.mark.parametrize("name", STUDIES)
def test_every_rule_of_the_microworld_version_has_an_identity(name: str) -> None:
    small = grid(name, scale="microworld")
    for base in small.study.bases:
        models = [identities.model(small, base, 1, chain, None) for chain in small.chains]
        # mixture and recipe of a stage: equal only where chains end in the same stage
        last = {chain.rpartition("~")[2] for chain in small.chains}
        assert len({digest(model) for model in models}) == len(last)
    for target in small.targets:
        assert identities.predictions(small, target)["code"]
        assert identities.scores(small, target)["headline"] == small.headline(target)
    for path in (*small.training_data(), *small.evaluation_data(), *small.selection_data()):
        _, _, _, task, language, split = path.removesuffix(".json").split("/")
        data = identities.data(small, task, language, split)
        assert data["source"]["microworld"] == TASKS[task].microworld
    assert summaries.statistics(small)["claims"] == list(small.study.claims)


def test_claims_of_the_paper_name_strategies_and_targets_of_its_study() -> None:
    study = grid("phang2020")
    for claim in load_claims(ROOT / "studies/claims/phang2020.yaml").claims:
        found = claim.predicate.model_dump(exclude_none=True)
        ((_, predicate),) = found.items()
        for key in ("strategy", "against", "strategies", "among"):
            names = predicate.get(key, [])
            for name in [names] if isinstance(names, str) else names:
                assert name == "all" or name in study.study.strategies, claim.id
        targets = predicate.get("targets", "all")
        assert targets == "all" or set(targets) <= set(study.targets), claim.id


def test_scale_changes_languages_of_mixtures_and_drops_recipes_for_large_models() -> None:
    config = {
        "study": "it",
        "scale": "microworld",
        "microworld_scale": {
            "languages": {"de": "qac"},
            "replace": {"seeds": [4, 5], "recipes": {"target": {"epochs": 1}}},
        },
        "stages": {"big": {"mixture": "xnli@de", "recipe": {"epochs": 9, "sampling_cap": 7}}},
        "strategies": {"none": [], "it": ["big", ["xnli@de", "mnli"], "mnli@de:translated"]},
        "targets": {"pawsx": {"train": "pawsx@en", "languages": ["de", "fr"]}},
    }
    small = at_scale(config)
    assert small["seeds"] == [4, 5]
    # recipes are replaced key by key
    usual = REPLACED["recipes"]
    assert small["recipes"] == usual | {"target": usual["target"] | {"epochs": 1}}
    assert usual["target"]["epochs"] > 1
    assert small["stages"]["big"] == {"mixture": "xnli@qac", "recipe": {"sampling_cap": 7}}
    stages = small["strategies"]["it"]
    assert stages == ["big", ["xnli@qac", "mnli"], "mnli@qac:translated"]
    assert small["targets"]["pawsx"] == {"train": "pawsx@qaa", "languages": "all"}
    assert at_scale(config | {"scale": "full"})["strategies"] == config["strategies"]


def test_a_mistaken_name_of_a_strategy_to_leave_out_is_found() -> None:
    with pytest.raises(UserError, match=r"small_scale.without\[0\]: 'hard-nil' is not a known"):
        grid("african", small_scale={"without": ["hard-nil"]})


@pytest.mark.parametrize("pair", ["none", 5, None, [["none"], "mnli"]])
def test_a_contrast_that_is_no_pair_is_found_at_every_scale(pair: object) -> None:
    for scale in ("full", "microworld"):
        with pytest.raises(UserError, match=r"contrasts\[0\]"):
            grid("african", scale=scale, contrasts=[pair])


def test_an_unknown_scale_is_named() -> None:
    with pytest.raises(UserError, match=r"'micro' is not accepted\. Did you mean 'microworld'"):
        grid("african", scale="micro")


def test_a_full_study_without_data_names_a_missing_file(tmp_path: Path) -> None:
    file = ROOT / "studies/pawsx_sources.yaml"
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    config |= {"source": "original", "data_root": str(tmp_path), "when_missing": "error"}
    with pytest.raises(UserError, match="no file of"):
        Grid.load(config, [file])
