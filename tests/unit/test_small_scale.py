"""The shipped studies at `scale: small`, and the numbers of examples that tables name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from xstilts.config.scale import SMALL_MODEL
from xstilts.errors import UserError
from xstilts.grid import Grid, identities
from xstilts.grid.prior_training import repeated, trained_on
from xstilts.jobs.tables import build_tables
from xstilts.jobs.training_sizes import capped_examples
from xstilts.manifest import write_manifest
from xstilts.plan.build import Options, build_plan
from xstilts.plan.devices import ORIENTATION
from xstilts.prior_training import KNOWN

ROOT = Path(__file__).parents[2]

# shape of multilingual-e5-small
CONFIG = {
    "model_type": "xlm-roberta", "hidden_size": 384, "num_hidden_layers": 12,
    "num_attention_heads": 12, "intermediate_size": 1536, "vocab_size": 250_037,
    "max_position_embeddings": 514, "type_vocab_size": 1,
}  # fmt: skip
# bases, seeds; bases x seeds x (intermediate nodes + strategies x trained targets)
STUDIES = {
    "phang2020": (1, 2, 15, 16, 3),
    "sequences_vs_joint": (1, 2, 15, 19, 3),
    "complexity_and_scale": (2, 3, 3, 4, 3),
    "african": (1, 3, 3, 4, 3),
    "pawsx_sources": (1, 3, 9, 10, 2),
    "english_vs_non_english": (1, 2, 13, 14, 3),
}


def grid(name: str, **changes: Any) -> Grid:
    file = ROOT / f"studies/{name}.yaml"
    config = yaml.safe_load(file.read_text(encoding="utf-8")) | changes
    config["claims"] = [str(ROOT / claims) for claims in config.get("claims", [])]
    return Grid.load(config, [file], files_must_exist=False)


@pytest.mark.parametrize("name", STUDIES)
def test_the_small_version(name: str) -> None:
    bases, seeds, nodes, strategies, trained = STUDIES[name]
    study = grid(name, scale="small", when_missing="error")
    assert study.paths.root == f"results/{name}-small"
    assert len(study.study.seeds) == seeds
    assert {base.hub for base in study.study.bases.values()} == {SMALL_MODEL}
    models = [path for path in study.target_models() if "/target/" in path]
    assert len(study.intermediate_models()) == bases * seeds * nodes
    assert len(models) == bases * seeds * strategies * trained
    for base in study.study.bases:
        for chain, target in study.trained():
            assert 0 < study.recipe(base, chain, target)["max_train_examples"] <= 2000
            assert identities.model(study, base, 1, chain, target)["code"]
    for target in study.names.all_targets:
        assert identities.predictions(study, target)["code"]
    # a pair of strategies that is left out would be an error
    assert study.study.contrasts


def test_the_small_version_keeps_the_chains_where_the_data_are_small() -> None:
    for name in ("phang2020", "sequences_vs_joint", "pawsx_sources"):
        small, full = grid(name, scale="small"), grid(name)
        lost = set(full.study.strategies) - set(small.study.strategies)
        assert lost == set(full.study.small_scale.without)
        assert set(small.names.strategies) <= set(full.names.strategies)


def test_a_folder_replaces_the_small_encoder(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    study = grid("complexity_and_scale", scale="small", small_base=str(tmp_path))
    for base in study.study.bases.values():
        assert (base.path, base.hub) == (str(tmp_path), None)
        # the same model, which has seen the same tasks
        assert trained_on(base) == KNOWN[SMALL_MODEL].tasks
    assert study.study.bases["lora-e5-small"].recipe.lora
    assert "mnli-2k" in repeated(study, "e5-small").strategies


def test_a_folder_without_a_base_that_it_replaces(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"small_base: no base of this study is .*scale: small"):
        grid("african", small_base=str(tmp_path))


def test_the_first_study_of_a_real_model_names_what_it_evaluates() -> None:
    study = grid("first_real")
    assert len(study.targets["sib200"].languages) == 57
    assert study.targets["xnli"].split == "validation"
    assert not {"xquad", "squad_v1"} & {*study.targets, *study.intermediate_chains}
    sequence, joint = (study.names.strategies[n] for n in ("sick-then-mnli", "sick-and-mnli"))
    assert {m for node in sequence for m in node.members} == set(joint[0].members)


def test_tables_name_the_numbers_of_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    study = Grid.load(
        {
            "study": "cut",
            "source": "hub",
            "seeds": [1],
            "bases": {"xlmr": {"hub": "FacebookAI/xlm-roberta-base"}},
            "strategies": {
                "none": [],
                "sick": ["sick"],
                "both": [["sick", "mnli"]],
                "then": ["sick", "mnli"],
                "with": [["mnli", "target"]],
            },
            "targets": {"xnli": {"languages": ["de"]}, "sib200": {"languages": ["de"]}},
            "recipes": {"all": {"max_train_examples": 800}},
        },
        [],
    )
    # nothing has been read yet
    strategies, targets = capped_examples(study, "xlmr")
    assert (strategies["sick"], strategies["both"]) == ("at most 800", "at most 1,600")
    assert targets["xnli"] == "at most 800"
    for task, rows in {"sick": 4500, "mnli": 700, "sib200": 701}.items():
        file = Path(study.paths.data(task, "en", "train"))
        file.parent.mkdir(parents=True)
        write_manifest(file, {}, files={}, facts={"rows": rows})
    # whole sets have no number
    found = {"sick": "800", "both": "1,500", "then": "800 then 700"}
    assert capped_examples(study, "xlmr") == (found, {})
    build_tables(study, tmp_path)
    text = (tmp_path / "transfer.md").read_text(encoding="utf-8")
    assert "| then (n = 800 then 700)" in text
    assert "| sib200 |" in " ".join(text.split())
    assert "n: training examples, where only the first of a training set are used" in text


def test_a_plan_names_hours_on_a_laptop_and_on_two_cores(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    study = grid("african", scale="small", small_base=str(tmp_path))
    plan = build_plan(study, Options(results=tmp_path / "results"))
    hours = plan["orientation"]
    assert set(hours) == set(ORIENTATION)
    # a night on two cores, an hour on a laptop's GPU
    assert 0.5 < hours["pair of CPU cores"] < 12
    assert hours["RTX-4060-Laptop"] < 1
