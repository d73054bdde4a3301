"""The grid: shared prefixes occur once, recipes are merged by level, identities are minimal."""

from __future__ import annotations

import pytest
from test_config import STUDY, error_of, grid_of

from xstilts.errors import UserError
from xstilts.grid import Grid, identities
from xstilts.identity import differences
from xstilts.jobs.tables import study_header
from xstilts.paths import product
from xstilts.tasks import TASKS

__all__ = ["error_of"]


def test_a_shared_prefix_is_trained_once(tmp_path):
    text = STUDY.replace("  both: [squad_v1, mnli]", "  both: [mnli, squad_v1]")
    models = grid_of(tmp_path, text).intermediate_models()
    assert models == [
        "results/tiny/intermediate/mini/seed-1/mnli/manifest.json",
        "results/tiny/intermediate/mini/seed-1/mnli~squad_v1/manifest.json",
    ]


def test_prefixes_of_a_sequence_are_models_too(tmp_path):
    models = grid_of(tmp_path).intermediate_models()
    assert [path.split("/")[-2] for path in models] == ["mnli", "squad_v1", "squad_v1~mnli"]


def test_an_untrained_target_is_predicted_by_the_chain(tmp_path):
    grid = grid_of(tmp_path)
    assert grid.model_of("mini", 1, "none", "tatoeba") == grid.paths.base("mini")
    assert "intermediate/mini/seed-1/mnli/" in grid.model_of("mini", 1, "mnli", "tatoeba")
    assert "target/mini/seed-1/mnli/xnli/" in grid.model_of("mini", 1, "mnli", "xnli")


def test_retrieval_leaves_out_the_source_language(tmp_path):
    grid = grid_of(tmp_path)
    assert grid.targets["tatoeba"].languages == ("qab", "qac")
    assert grid.targets["xnli"].languages == ("qaa", "qab", "qac")


def test_narrower_recipe_levels_win(tmp_path):
    recipes = """\
recipes:
  all: {learning_rate: 1.0e-4, batch_size: 8, epochs: 1}
  target: {batch_size: 16, epochs: 2}
  tasks:
    mnli: {epochs: 7}
targets:"""
    grid = grid_of(tmp_path, STUDY.replace("targets:", recipes))
    intermediate = identities.model(grid, "mini", 1, "mnli", None)["recipe"]
    target = identities.model(grid, "mini", 1, "mnli", "xnli")["recipe"]
    assert (intermediate["learning_rate"], intermediate["batch_size"]) == (1e-4, 8)
    assert (target["batch_size"], target["epochs"]) == (16, 7)
    assert "max_length" not in target
    assert identities.tokens(grid, "mnli")["max_length"] == 256


def test_a_mixture_takes_the_recipe_of_its_position(tmp_path):
    text = STUDY.replace("mnli: [mnli]", "joint: [[mnli, squad_v1]]").replace(
        "targets:", "recipes:\n  tasks:\n    mnli: {epochs: 9}\ntargets:"
    )
    identity = identities.model(grid_of(tmp_path, text), "mini", 1, "mnli+squad_v1", None)
    assert identity["mixture"] == ["mnli@qaa", "squad_v1@qaa"]
    assert identity["recipe"]["epochs"] == 3.0


def test_named_stages_have_their_own_recipe(tmp_path):
    text = STUDY.replace("mnli: [mnli]", "long: [long_mnli]").replace(
        "targets:", "stages:\n  long_mnli: {mixture: mnli, recipe: {epochs: 20}}\ntargets:"
    )
    identity = identities.model(grid_of(tmp_path, text), "mini", 1, "long_mnli", None)
    assert identity["recipe"]["epochs"] == 20


def test_a_new_language_changes_no_model_and_no_prediction_identity(tmp_path):
    few = grid_of(tmp_path, STUDY.replace("languages: all", "languages: [qaa]"))
    one = (identities.model(few, "mini", 1, "mnli", "xnli"), identities.predictions(few, "xnli"))
    more = grid_of(tmp_path)
    other = (
        identities.model(more, "mini", 1, "mnli", "xnli"),
        identities.predictions(more, "xnli"),
    )
    assert differences(one, other) == []


def test_data_sets_of_one_generator_differ_by_their_stream(tmp_path):
    grid = grid_of(tmp_path, STUDY.replace("[mnli]", "[mnli, snli, anli_r1]"))
    sources = [identities.data(grid, task, "qaa", "train")["source"] for task in ("mnli", "snli")]
    assert "stream" not in sources[0]
    assert sources[1] == {**sources[0], "stream": "snli"}


def test_identity_of_data_has_the_options_of_its_reader(tmp_path):
    for name in ("afrixnli/yor/test.tsv", "tatoeba/tatoeba.deu-eng.deu"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    text = f"""\
study: tiny
source: original
data_root: {tmp_path}
seeds: [1]
bases: {{large: {{hub: x}}}}
strategies: {{none: []}}
targets: {{tatoeba: {{languages: [de]}}}}
"""
    grid = grid_of(tmp_path, text)
    options = identities.data(grid, "afrixnli", "yo", "test")["options"]
    assert options == {
        "renamed": {"0": "entailment", "1": "neutral", "2": "contradiction"},
        "quoted": True,
    }
    assert "options" not in identities.data(grid, "tatoeba", "de", "test")


def write_tatoeba(root, *codes):
    """Write two sentences of each language and their translations, in the release's layout."""
    (root / "tatoeba").mkdir(parents=True, exist_ok=True)
    for code in codes:
        for side, text in ((code, "Hund\nKat\n"), ("eng", "Dog\nCat\n")):
            (root / f"tatoeba/tatoeba.{code}-eng.{side}").write_text(text)


def test_a_target_may_have_languages_outside_its_benchmark(tmp_path):
    """They are read, named in the legend of the tables, and not part of ``languages: all``."""
    write_tatoeba(tmp_path / "data", "deu", "dan")
    text = f"""\
study: tiny
source: original
data_root: {tmp_path}/data
seeds: [1]
bases: {{large: {{hub: some/model}}}}
strategies: {{none: []}}
targets: {{tatoeba: {{languages: [de, da]}}}}
"""
    grid = grid_of(tmp_path, text)
    files = identities.data(grid, "tatoeba", "da", "test")["source"]["files"]
    assert files == [f"tatoeba/tatoeba.dan-eng.{side}" for side in ("dan", "eng")]
    rows = TASKS["tatoeba"].read([tmp_path / "data" / file for file in files], "da")
    assert [row["text"] for row in rows] == ["Hund", "Kat", "Cat", "Dog"]
    assert study_header(grid).details == (
        "Languages outside the benchmark, included in means over languages: tatoeba da.",
        "Examples from original: tatoeba.",
    )
    known = grid_of(tmp_path, text.replace(", da", ""))
    assert study_header(known).details == ("Examples from original: tatoeba.",)
    assert "da" not in grid.names.coverage.languages(TASKS["tatoeba"], "test")
    message = r"targets\.tatoeba\.languages\[1\]: 'dd' is not a known language of tatoeba\. Did you"
    with pytest.raises(UserError, match=message):
        grid_of(tmp_path, text.replace("da]", "dd]"))
    # a plan needs no data
    (tmp_path / "study.yaml").write_text(text.replace("/data", "/none"))
    with pytest.raises(UserError, match="'da' is not a known language of tatoeba"):
        Grid.load(None, [tmp_path / "study.yaml"], files_must_exist=False)


def test_identity_of_a_stage_has_only_its_kinds_of_code(tmp_path):
    grid = grid_of(tmp_path)
    code = identities.model(grid, "mini", 1, "mnli", None)["code"]
    assert "xstilts.models.head_classification" in code
    assert not {name for name in code if "tagging" in name or "span" in name}
    assert not {name for name in code if name.startswith(("xstilts.config", "xstilts.tasks"))}


def test_xtreme_rs_chain_for_xcopa_keeps_the_head_and_has_its_own_code(tmp_path):
    text = STUDY.replace("mnli: [mnli]", "siqa: [social_iqa]").replace(
        "targets:", "targets:\n  xcopa: {languages: all}"
    )
    grid = grid_of(tmp_path, text)
    siqa = identities.model(grid, "mini", 1, "social_iqa", None)
    copa = identities.model(grid, "mini", 1, "social_iqa", "xcopa")
    assert (siqa["mixture"], copa["mixture"]) == (["social_iqa@qaa"], ["copa@qaa"])
    assert siqa["heads"]["social_iqa"] == copa["heads"]["copa"]
    assert (siqa["recipe"]["keep_head"], copa["recipe"]["keep_head"]) == (False, True)
    assert identities.predictions(grid, "xcopa")["head"] == "copa"
    for identity, own in (
        (copa, "xstilts.models.head_multiple_choice"),
        (identities.tokens(grid, "xcopa"), "xstilts.tokens.multiple_choice"),
        (identities.predictions(grid, "xcopa"), "xstilts.prediction.multiple_choice"),
        (identities.scores(grid, "xcopa"), "xstilts.metrics.multiple_choice"),
        (identities.data(grid, "xcopa", "qab", "test"), "xstilts.microworld.causes"),
    ):
        assert own in identity["code"]
        others = ("classification", "tagging", "head_span")
        assert not {name for name in identity["code"] if name.endswith(others)}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("results/s/target/m/seed-1/a~b/xnli/manifest.json", "target/m/seed-1/a~b/xnli"),
        ("results/s/scores/m/seed-1/none/xnli.parquet", "scores/m/seed-1/none/xnli"),
        ("results/s/predictions/m/seed-1/none/xnli/de.parquet", "predictions/m/seed-1/none/xnli"),
        ("results/s/tokens/m/mnli/en/train.json", "tokens/m/mnli/en/train"),
    ],
)
def test_product_names(path, name):
    assert product(path) == name


def test_weights_are_selected_on_the_dev_sets_of_the_training_languages(tmp_path):
    text = STUDY.replace("mnli: [mnli]", "joint: [[mnli, xnli@qab, mlm@qac]]")
    grid = grid_of(tmp_path, text.replace("selection: last", "selection: best"))
    joint = identities.model(grid, "mini", 1, "mnli+xnli@qab+mlm@qac", None)
    judged = {"metric": "accuracy", "scorer": "", "decoding": {}}
    assert joint["dev"] == {"mnli@qaa": judged, "xnli@qab": judged}
    assert joint["recipe"]["eval_steps"] == 1000
    assert "xstilts.metrics.classification" in joint["code"]
    assert "results/tiny/data/xnli/qab/validation.json" in grid.selection_data()
    base = identities.model(grid, "mini", 0, "none", None)
    assert (base["dev"], base["recipe"]["selection"], base["recipe"]["patience"]) == ({}, "last", 0)


def test_without_selection_metrics_are_not_part_of_a_model(tmp_path):
    text = STUDY.replace("seeds:", "recipes: {all: {selection: last}}\nseeds:")
    model = identities.model(grid_of(tmp_path, text), "mini", 1, "mnli", None)
    assert model["dev"] == {}
    assert not [name for name in model["code"] if "metrics" in name or "selection" in name]


def test_a_task_without_a_dev_set_needs_the_last_weights(tmp_path):
    (tmp_path / "data/mnli").mkdir(parents=True)
    (tmp_path / "data/mnli/multinli.train.en.tsv").write_text("a\tb\tentailment\n")
    write_tatoeba(tmp_path / "data", "deu")
    text = f"""\
study: tiny
source: original
data_root: {tmp_path}/data
seeds: [1]
bases: {{mini: {{hub: some/model}}}}
strategies: {{none: [], mnli: [mnli]}}
targets: {{tatoeba: {{languages: [de]}}}}
"""
    with pytest.raises(UserError, match=r"no file of mnli \(validation\) .*selection: last"):
        grid_of(tmp_path, text)
    last = text + "recipes: {tasks: {mnli: {selection: last}}}\n"
    assert grid_of(tmp_path, last).selection_data() == []


def test_the_threshold_of_no_answer_is_that_of_the_evaluated_task(tmp_path):
    text = STUDY + "  squad_v2: {split: validation, languages: [qaa]}\n  xquad: {}\n"
    text += "recipes: {tasks: {squad_v2: {null_threshold: -1.5}}}\n"
    grid = grid_of(tmp_path, text)
    assert identities.predictions(grid, "squad_v2")["decoding"]["null_threshold"] == -1.5
    assert "null_threshold" not in identities.predictions(grid, "xquad")["decoding"]
    assert "null_threshold" not in identities.model(grid, "mini", 1, "none", "squad_v2")["recipe"]
    assert identities.scores(grid, "squad_v2")["scorer"] == "squad_v2"
    assert "xstilts.metrics.squad_v2" in identities.scores(grid, "squad_v2")["code"]
    assert "xstilts.metrics.squad_v2" not in identities.scores(grid, "xquad")["code"]


def test_a_ranking_target_trains_a_dual_encoder_unless_the_study_says_none(tmp_path):
    text = STUDY + "  mewslix: {}\n  lareqa: {}\n  raw: {task: lareqa, train: none}\n"
    grid = grid_of(tmp_path, text)
    trained = {name: [m.task for m in node.members] for name, node in grid.targets.items()}
    assert trained["mewslix"] == ["wikipedia_pairs"]
    assert trained["lareqa"] == ["squad_pairs"]
    assert trained["raw"] == []
    paths = {name: grid.model_of("mini", 1, "none", name) for name in trained}
    assert paths["raw"] == grid.paths.base("mini")
    assert paths["lareqa"] == grid.paths.target("mini", 1, (), "lareqa")
    assert (grid.depth("raw"), grid.depth("lareqa")) == (14 / 24, 1.0)
    assert identities.predictions(grid, "raw")["head"] is None
    assert identities.predictions(grid, "lareqa")["head"] == "squad_pairs"
    model = identities.model(grid, "mini", 1, "none", "lareqa")
    assert {"xstilts.training.pairs", "xstilts.training.cached_gradient"} <= set(model["code"])
    other = identities.model(grid, "mini", 1, "none", "xnli")
    assert not {"xstilts.training.pairs", "xstilts.training.cached_gradient"} & set(other["code"])


def test_a_task_with_a_head_cannot_be_evaluated_untrained(tmp_path):
    with pytest.raises(UserError, match=r"xnli\.train: 'none', but xnli \(classification\) needs"):
        grid_of(tmp_path, STUDY.replace("xnli: {", "xnli: {train: none, "))


def test_dev_sets_are_scored_by_the_rules_of_their_tasks(tmp_path):
    text = STUDY.replace("mnli: [mnli]", "v2: [squad_v2]")
    model = identities.model(grid_of(tmp_path, text), "mini", 1, "squad_v2", None)
    assert model["dev"]["squad_v2@qaa"]["scorer"] == "squad_v2"
    assert "null_threshold" in model["dev"]["squad_v2@qaa"]["decoding"]
    assert "xstilts.metrics.squad_v2" in model["code"]
