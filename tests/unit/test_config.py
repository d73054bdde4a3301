"""The study file: shape and names are checked with file, line, value and nearest match."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from xstilts.config.load import load_study
from xstilts.config.recipe import Recipe
from xstilts.config.reference import PAGE_FILE, SCHEMA_FILE, page_lines, write_reference
from xstilts.config.study import Study
from xstilts.errors import UserError
from xstilts.grid import Grid, identities
from xstilts.tasks import TASKS

ROOT = Path(__file__).parents[2]

STUDY = """\
study: tiny
source: microworld
source_language: qaa
microworld:
  languages: 3
seeds: [1]
bases:
  mini:
    pretrain: {vocab_size: 500}
strategies:
  none: []
  mnli: [mnli]
  both: [squad_v1, mnli]
targets:
  xnli: {languages: all}
  tatoeba: {}
"""


def grid_of(tmp_path: Path, text: str = STUDY, *, files_must_exist: bool = True) -> Grid:
    """The grid of a study file with this text."""
    file = tmp_path / "study.yaml"
    file.write_text(text, encoding="utf-8")
    return Grid.load(None, [file], files_must_exist=files_must_exist)


def error_of(tmp_path: Path, old: str, new: str) -> str:
    """The message after a replacement in the study, with the folder cut from it."""
    assert old in STUDY
    with pytest.raises(UserError) as caught:
        grid_of(tmp_path, STUDY.replace(old, new))
    return str(caught.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("seeds: [1]", "seed: [1]", "study.yaml:6: seed: 'seed' is not a known key. Did you mean "
                                    "'seeds'?"),
        ("vocab_size", "vocab_sizes", "study.yaml:9: bases.mini.pretrain.vocab_sizes: "
                                      "'vocab_sizes' is not a known key. Did you mean "
                                      "'vocab_size'?"),
        ("seeds: [1]", "seeds: [one]", "study.yaml:6: seeds[0]: "),
        ("source: microworld", "source: mikroworld", "study.yaml:2: source: 'mikroworld' is not "
                                                     "accepted. Did you mean 'microworld'?"),
        ("mnli: [mnli]", "mnli: [mnlii]", "study.yaml:12: strategies.mnli[0]: 'mnlii' is not a "
                                          "known task. Did you mean 'mnli'?"),
        ("xnli: {languages: all}", "xnlii: {}", "study.yaml:15: targets.xnlii: 'xnlii' is not a "
                                                "known task. Did you mean 'xnli'?"),
        ("languages: all", "languages: [qaa, de]", "targets.xnli.languages[1]: 'de' is not a known "
                                                   "language of xnli (test)."),
        ("mnli: [mnli]", "mnli: [mnli@qaz]", "'qaz' is not a known language of mnli (train)."),
        ("mnli: [mnli]", "mnli: [[]]", "study.yaml:12: strategies.mnli[0]: an empty mixture."),
        ("mnli: [mnli]", "mnli: [[mnli, mnli]]", "'mnli' is twice in one mixture."),
        ("mnli: [mnli]", "none: [mnli]", "study.yaml:12: strategies has the key 'none' twice "
                                         "(first in line 11)."),
        ("strategies:", "baseline: nothing\nstrategies:", "baseline: 'nothing' is not a known "
                                                          "strategy."),
        ("{vocab_size: 500}", "{}\n    hub: x", "give exactly one of pretrain, path, hub"),
        ("targets:", "recipes: {tasks: {mlni: {}}}\ntargets:", "Did you mean 'mnli'?"),
        ("targets:", "recipes: {all: {learning_rate: -1}}\ntargets:", "learning_rate: "),
        ("targets:", "recipes: {all: {sorted_batches: yes}}\ntargets:",
         "sorted_batches: a number is needed, not true or false (found: True)"),
        ("seeds: [1]", "seeds: [1, yes]", "seeds: a number is needed, not true or false"),
        ("seeds: [1]", "seeds: [1, 2, 1]", "study.yaml:6: seeds: 1 is listed twice. Remove one"),
        ("  tatoeba: {}", "  xquad: {train: mnli}", "a head trained on mnli cannot answer xquad"),
        ("  tatoeba: {}", "  udpos: {train: panx}", "a head trained on panx cannot answer udpos"),
        ("  tatoeba: {}", "  tatoeba: {languages: [qaa]}", "'qaa' is not a known language of "
                                                           "tatoeba (test)"),
    ],
)  # fmt: skip
def test_an_invalid_study_gives_one_message_with_location_and_nearest_match(
    tmp_path, old, new, expected
):
    assert expected in error_of(tmp_path, old, new)


def test_a_head_may_lack_some_of_the_labels(tmp_path):
    text = STUDY.replace("  tatoeba: {}", "  masakhaner2: {train: panx}")
    assert [member.task for member in grid_of(tmp_path, text).targets["masakhaner2"].members] == [
        "panx"
    ]


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("  tatoeba: {}", "  pawsx: {}", "study.yaml:16: targets.pawsx"),
        ("mnli: [mnli]", "mnli: [[mnli, pawsx]]", "study.yaml:12: strategies.mnli[0]"),
        ("  tatoeba: {}", "  xnli2: {task: xnli, train: [mnli, pawsx]}", "16: targets.xnli2"),
        ("  languages: 3", "  languages: 3\n  tasks: {pawsx: {}}", "microworld.tasks.pawsx"),
    ],
)
def test_the_microworld_lacks_tasks_without_a_generator(tmp_path, monkeypatch, old, new, where):
    monkeypatch.setitem(TASKS, "pawsx", replace(TASKS["pawsx"], microworld=None))
    wanted = f"{where}: the microworld does not generate pawsx. "
    assert wanted in error_of(tmp_path, old, new)
    # other sources need no generator
    text = STUDY.replace("source: microworld", "source: hub").replace("qaa", "en")
    text = text.replace("{vocab_size: 500}", "{}\ntext: [{task: mnli, languages: [en]}]")
    grid = grid_of(tmp_path, text.replace("  tatoeba: {}", "  pawsx: {}"))
    assert identities.data(grid, "pawsx", "de", "test")["source"]["hub"]


def test_several_wrong_keys_are_reported_together(tmp_path):
    message = error_of(tmp_path, "seeds: [1]", "seed: [1]")
    assert "seeds: required key is missing" in message
    assert "'seed' is not a known key" in message


def test_a_study_that_is_not_yaml(tmp_path):
    with pytest.raises(UserError, match="not valid YAML"):
        grid_of(tmp_path, "study: [tiny")


def test_the_original_source_needs_a_data_root(tmp_path):
    message = error_of(tmp_path, "source: microworld", "source: original")
    assert "needs data_root" in message
    text = STUDY.replace("source: microworld", "source: original\ndata_root: no/such/folder")
    text = text.replace("{vocab_size: 500}", "{}\ntext: [{task: mnli, languages: [en]}]")
    with pytest.raises(UserError, match="no/such/folder"):
        grid_of(tmp_path, text.replace("qaa", "en"))


def test_the_command_line_wins_over_the_file(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text(STUDY)
    study, _ = load_study({**yaml.safe_load(STUDY), "seeds": [7]}, [file])
    assert study.seeds == [7]


def test_every_key_is_described():
    def check(schema: dict) -> None:
        for name, section in {"Study": schema, **schema["$defs"]}.items():
            for key, field in section.get("properties", {}).items():
                assert field.get("description"), f"{name}.{key} has no description"

    check(Study.model_json_schema())


def test_types_on_the_reference_page_are_plain_words():
    rows = [line.split(" | ") for line in page_lines() if line.startswith("| `")]
    types = {row[0].strip("| `"): row[1] for row in rows}
    assert types["contrasts"] == "list of pairs of names"
    assert types["revisions"] == "mapping of a repository to a string"
    assert types["loss_weights"] == "mapping of a string to a number"
    for row in rows:
        assert len(row) == 4, row
        # no Python: generics, unions and names of modules
        assert not re.search(r"typing|Annotated|Literal|None|<class|\w\[|[|{(]\w", row[1]), row


def test_a_null_key_is_a_missing_key():
    recipe = Recipe.model_validate({"epochs": None, "lora": {"rank": None, "alpha": 4}})
    assert recipe.given() == {"lora": {"alpha": 4.0}}
    with pytest.raises(ValidationError):
        Recipe.model_validate({"epoch": None})


def test_schema_and_reference_page_are_up_to_date(tmp_path):
    write_reference(tmp_path)
    for name in (SCHEMA_FILE, PAGE_FILE):
        assert (ROOT / name).read_text() == (tmp_path / name).read_text(), (
            f"{name} has drifted: run `xstilts reference`"
        )


@pytest.mark.parametrize("file", ["config.yaml", *sorted((ROOT / "studies").glob("*.yaml"))])
def test_shipped_studies_fit_the_schema(file):
    json_schema = json.loads((ROOT / SCHEMA_FILE).read_text())
    study = yaml.safe_load((ROOT / file).read_text())
    assert set(study) <= set(json_schema["properties"])
    Study.model_validate(study)
