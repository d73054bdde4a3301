"""Pairs of strategies, families of comparisons, averages and groups of languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_config import STUDY, error_of, grid_of
from test_statistics import answers, target_scores

from xstilts.comparisons.effects import contrast_table, effect_table
from xstilts.comparisons.tables.contrasts import contrasts_summary
from xstilts.comparisons.tables.groups import group_table, groups_summary
from xstilts.errors import UserError
from xstilts.results.render import Header, summary_markdown
from xstilts.statistics.inference import holm
from xstilts.statistics.study_scores import StudyScores

__all__ = ["error_of"]

HEADER = Header(
    study="tiny", protocol="recommended", baseline="none", seeds=(1, 2), replicates=2000
)
LEVELS = {
    ("none", "xnli"): {"en": 0.6, "de": 0.6, "sw": 0.4},
    ("a", "xnli"): {"en": 0.6, "de": 0.6, "sw": 0.7},
    ("b", "xnli"): {"en": 0.8, "de": 0.8, "sw": 0.4},
    ("none", "tatoeba"): {"de": 0.2, "sw": 0.2},
    ("a", "tatoeba"): {"de": 0.6, "sw": 0.6},
    ("b", "tatoeba"): {"de": 0.7, "sw": 0.2},
}


def study_scores(untrained: tuple[str, ...] = ("tatoeba",)) -> StudyScores:
    found = {}
    for name in ("xnli", "tatoeba"):
        right = {
            (strategy, seed, language): answers(share, 100 * seed + len(language + strategy), 3000)
            for (strategy, target), shares in LEVELS.items()
            if target == name
            for language, share in shares.items()
            for seed in (1, 2, 3)
        }
        found["xlmr", name] = target_scores(right)
    return StudyScores(found, ["none", "a", "b"], "none", "en", untrained)


def rows(table: Any, *names: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {tuple(row[name] for name in names): row for row in table.to_dict("records")}


def test_a_contrast_is_the_difference_of_the_effects() -> None:
    study = study_scores()
    effects = rows(effect_table(study), "strategy", "target")
    found = rows(contrast_table(study, [("b", "a")]), "strategy", "against", "target")
    assert {key[:2] for key in found} == {("b", "a")}
    for target in ("xnli", "tatoeba", "average"):
        expected = effects["b", target]["delta"] - effects["a", target]["delta"]
        assert found["b", "a", target]["delta"] == pytest.approx(expected)
    average = found["b", "a", "average"]
    assert average["low"] < average["delta"] < average["high"]
    assert found["b", "a", "tatoeba"]["verdict"] == "hurts"
    text = summary_markdown(contrasts_summary(contrast_table(study, [("b", "a")]), HEADER), HEADER)
    assert "| b" in text
    assert "names" not in summary_markdown(
        contrasts_summary(contrast_table(study, []), HEADER), HEADER
    )


@pytest.mark.slow
def test_p_values_are_corrected_over_the_family_that_the_study_names() -> None:
    study = study_scores()
    single = [row for row in effect_table(study).to_dict("records") if row["strategy"] != "none"]
    single = [row for row in single if "average" not in row["target"]]
    of_all = rows(effect_table(study, "all"), "strategy", "target")
    by_target = rows(effect_table(study, "strategies"), "strategy", "target")
    for row, expected in zip(single, holm([row["p"] for row in single]), strict=True):
        assert of_all[row["strategy"], row["target"]]["p_holm"] == pytest.approx(expected)
    xnli = [row for row in single if row["target"] == "xnli"]
    for row, expected in zip(xnli, holm([row["p"] for row in xnli]), strict=True):
        assert by_target[row["strategy"], "xnli"]["p_holm"] == pytest.approx(expected)


def test_the_average_without_retrieval_has_a_row_of_its_own() -> None:
    found = rows(effect_table(study_scores()), "strategy", "target")
    assert found["a", "average without retrieval"]["delta"] == found["a", "xnli"]["delta"]
    assert found["a", "average"]["delta"] > found["a", "xnli"]["delta"]
    # nothing to leave out
    assert ("a", "average without retrieval") not in rows(
        effect_table(study_scores(())), "strategy", "target"
    )


def test_groups_of_languages() -> None:
    groupings = {
        "family": {"en": "Indo-European", "de": "Indo-European", "sw": "Atlantic-Congo"},
        "language": {"en": "en", "de": "de", "sw": "sw"},
    }
    table = group_table(study_scores(), groupings)
    found = rows(table, "strategy", "grouping", "group")
    swahili = found["a", "language", "sw"]
    # 30 points on xnli and 40 on tatoeba
    assert swahili["delta"] == pytest.approx(35, abs=2)
    assert found["a", "family", "Atlantic-Congo"]["delta"] == swahili["delta"]
    assert swahili["verdict"] == "helps"
    europe = found["b", "family", "Indo-European"]
    # mean over languages within a target, then over targets: (20 + 50) / 2
    assert europe["delta"] == pytest.approx(35, abs=2)
    assert (europe["num_targets"], europe["num_languages"]) == (2, 2)
    english = found["b", "language", "en"]
    assert (english["num_targets"], english["missing_targets"]) == (1, 0)
    assert "Atlantic-Congo" in summary_markdown(groups_summary(table, HEADER), HEADER)


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        ("[mnli, botth]", "'botth' is not a known strategy. Did you mean 'both'"),
        ("[mnli, mnli]", "'mnli' is compared with itself"),
    ],
)
def test_contrasts_are_of_two_strategies(tmp_path: Path, pair: str, expected: str) -> None:
    with pytest.raises(UserError) as caught:
        grid_of(tmp_path, STUDY + f"contrasts: [{pair}]\n")
    assert expected in str(caught.value)
    assert "contrasts[0]" in str(caught.value)
