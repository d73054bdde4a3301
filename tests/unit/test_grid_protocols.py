"""Protocols and presets of recipes in the identities of tokens, stages and predictions."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_config import STUDY, grid_of

from xstilts.config.protocol import PROTOCOLS
from xstilts.grid import identities
from xstilts.identity import differences
from xstilts.jobs.tables import study_cells, study_header
from xstilts.layers import layer_at
from xstilts.prediction.options import PredictOptions
from xstilts.schema_metadata import with_metadata


@pytest.mark.parametrize(
    ("protocol", "split", "headline"),
    [
        ("recommended", "test", "f1"),
        # tuned on the evaluated set
        ("recommended", "validation", "f1_oracle"),
        ("jiant-2020", "test", "f1_oracle"),
        ("xtreme-2020", "test", "f1"),
    ],
)
def test_mining_tuned_on_the_evaluated_set_has_a_separate_metric(
    tmp_path, protocol, split, headline
):
    text = STUDY + f"  bucc2018: {{split: {split}}}\nprotocol: {protocol}\n"
    grid = grid_of(tmp_path, text)
    assert identities.scores(grid, "bucc2018")["headline"] == headline
    assert {cell.metric for cell in study_cells(grid) if cell.target == "bucc2018"} == {headline}
    assert grid.targets["bucc2018"].languages == ("qab", "qac")


def test_the_maximum_context_rule_is_part_of_the_identity_of_span_predictions(tmp_path):
    """``recommended`` does not name it, so that its predictions stay valid."""

    def decoding(protocol):
        text = STUDY + f"  xquad: {{}}\nprotocol: {protocol}\n"
        text += "recipes: {tasks: {xquad: {doc_stride: 96}}}\n"
        return identities.predictions(grid_of(tmp_path, text), "xquad")["decoding"]

    assert decoding("recommended") == {"n_best": 20, "max_answer_length": 30}
    for protocol in ("jiant-2020", "xtreme-2020"):
        assert decoding(protocol) == {**decoding("recommended"), "max_context_stride": 96}
        PredictOptions(**decoding(protocol))


def test_truncation_is_part_of_the_identity_of_multiple_choice_tokens(tmp_path):
    """The default is not, so that tokens without truncated examples can be accepted."""

    def tokens(task, recipes=""):
        grid = grid_of(tmp_path, STUDY + "  xcopa: {}\n" + recipes)
        return identities.tokens(grid, task)

    usual = tokens("xcopa")
    assert differences(usual, tokens("xcopa", "recipes: {all: {truncation: context}}\n")) == []
    for preset, side in (("jiant-2020", "start"), ("xtreme-2020", "end")):
        recipes = f"recipes: {{preset: {preset}}}\n"
        assert tokens("xcopa", recipes)["truncation"] == side
        assert "truncation" not in tokens("xnli", recipes)
        own = f"recipes: {{preset: {preset}, tasks: {{xcopa: {{truncation: context}}}}}}\n"
        assert differences(usual, tokens("xcopa", own)) == []


# XLM-R large in google-research/xtreme, scripts/train_*.sh: learning rate, epochs, batch, maximum
# length (of tagging: 128 - 3 tokens and two special ones), weight decay, selection, eval_steps
XTREME_SCRIPTS = {
    "xnli": (3e-5, 5, 2 * 16, 128, 0, "best", 100),
    "pawsx": (2e-5, 5, 2 * 16, 128, 0, "best", 200),
    "panx": (2e-5, 10, 2 * 16, 128 - 3 + 2, 0, "best", 1000),
    "udpos": (2e-5, 10, 2 * 16, 128 - 3 + 2, 0, "best", 500),
    "xquad": (3e-5, 3, 4 * 8, 384, 1e-4, "last", 0),
    "mlqa": (3e-5, 3, 4 * 8, 384, 1e-4, "last", 0),
    # 3e-5 after a warm-up of 500 steps, of which the training has 346
    "tydiqa": (3e-5 * 346 / 500, 3, 4 * 8, 384, 1e-4, "last", 0),
    "xcopa": (3e-5, 5, 2 * 16, 128, 0, "last", 0),
}


@pytest.mark.parametrize("target", XTREME_SCRIPTS)
def test_the_preset_of_xtreme_has_the_values_of_its_scripts(tmp_path, target):
    text = STUDY + "".join(f"  {name}: {{}}\n" for name in XTREME_SCRIPTS if name != "xnli")
    text = text.replace("mnli: [mnli]", "siqa: [social_iqa]")
    grid = grid_of(tmp_path, text + "recipes: {preset: xtreme-2020}\n")
    recipe = identities.model(grid, "mini", 1, "none", target)["recipe"]
    tokens = identities.tokens(grid, target)
    found = (
        recipe["learning_rate"], recipe["epochs"], recipe["batch_size"], tokens["max_length"],
        recipe["weight_decay"], recipe["selection"], recipe["eval_steps"],
    )  # fmt: skip
    assert found[0] == pytest.approx(XTREME_SCRIPTS[target][0], rel=0.02)
    assert found[1:] == XTREME_SCRIPTS[target][1:]
    assert recipe["patience"] == 0
    assert identities.model(grid, "mini", 1, "social_iqa", None)["recipe"]["learning_rate"] == 3e-5
    # the study's own levels override a preset
    own = text + "recipes: {preset: xtreme-2020, all: {learning_rate: 1.0e-6}}\n"
    again = identities.model(grid_of(tmp_path, own), "mini", 1, "none", target)["recipe"]
    assert again == recipe | {"learning_rate": 1e-6}


def test_protocols_decide_how_vectors_are_compared(tmp_path):
    def decoding(protocol, target):
        text = STUDY + "  bucc2018: {}\n  lareqa: {train: none}\n  mewslix: {}\n"
        text += f"protocol: {protocol}\n"
        return identities.predictions(grid_of(tmp_path, text), target)["decoding"]

    same = decoding("recommended", "tatoeba")
    assert "depth" not in same
    changed = {
        "recommended-csls": [("similarity", "cosine", "csls")],
        "recommended-margin": [("similarity", "cosine", "margin"), ("neighbourhood", 10, 4)],
        "recommended-xx-en": [("direction", "en-xx", "xx-en")],
    }
    for name, expected in changed.items():
        assert differences(same, decoding(name, "tatoeba")) == expected
    # XTREME's mBERT, XLM and XLM-R large, and an extrapolation: base x 14 / 24, base x 20 / 24
    states = {"bucc2018": [8, 12, 20, 30], "lareqa": [8, 12, 14, 21]}
    for target, wanted in states.items():
        depth = decoding("xtreme-2020", target)["depth"]
        assert [layer_at(depth, layers) for layers in (12, 16, 24, 36)] == wanted
        PredictOptions(**decoding("xtreme-2020", target))
    jiant = decoding("jiant-2020", "bucc2018")
    assert (jiant["depth"] * 24, jiant["keep_repeated"], jiant["neighbourhood"]) == (14, True, 4)
    for target in ("tatoeba", "bucc2018", "lareqa"):
        PredictOptions(**decoding("recommended", target))
    # a trained dual encoder defines its vectors itself
    assert decoding("xtreme-2020", "mewslix") == {}


def test_a_hidden_state_that_the_source_did_not_use_is_marked():
    """As XTREME's run_tatoeba.sh and run_bucc2018.sh select them; jiant ran XLM-R large only."""
    xtreme, jiant = PROTOCOLS["xtreme-2020"], PROTOCOLS["jiant-2020"]
    assert xtreme.layer_text("retrieval", 12) == "8 of 12"
    assert xtreme.layer_text("mining", 24) == "20 of 24"
    assert xtreme.layer_text("mining", 2) == (
        "2 of 2, extrapolated: the protocol's source used 8 of 12, 12 of 16, 20 of 24"
    )
    assert jiant.layer_text("retrieval", 24) == "14 of 24"
    assert jiant.layer_text("retrieval", 12) == (
        "7 of 12, extrapolated: the protocol's source used 14 of 24"
    )
    # no replication: nothing to compare with
    assert PROTOCOLS["recommended"].layer_text("retrieval", 12) == "7 of 12"
    assert jiant.depth("retrieval") == 14 / 24


def test_the_legend_of_the_tables_names_hidden_states(tmp_path, monkeypatch):
    grid = grid_of(tmp_path, STUDY + "  bucc2018: {}\nprotocol: xtreme-2020\n")
    assert study_header(grid).details == ()
    for target, language, layers in (("tatoeba", "qab", 12), ("bucc2018", "qab", 12)):
        path = tmp_path / grid.prediction("mini", 1, (), target, language)
        path.parent.mkdir(parents=True)
        schema = with_metadata(pa.schema([("id", pa.string())]), {"num_layers": layers})
        pq.write_table(pa.Table.from_pylist([], schema), path)
    monkeypatch.chdir(tmp_path)
    assert study_header(grid).details == (
        "Hidden states of sentence vectors: tatoeba, bucc2018: mini 8 of 12.",
    )


def test_predictions_in_half_precision_have_another_identity(tmp_path):
    half = grid_of(tmp_path, STUDY + "prediction_precision: bf16\n")
    full = grid_of(tmp_path, STUDY)
    for target in ("xnli", "tatoeba"):
        mine, other = (identities.predictions(grid, target) for grid in (full, half))
        assert ("decoding.precision", None, "bf16") in differences(mine, other)
        assert PredictOptions(**other["decoding"]).precision == "bf16"
