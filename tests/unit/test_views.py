"""The same models by another protocol, and on the sets on which the best strategy is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_claims import claim
from test_config import STUDY, error_of, grid_of
from test_statistics import answers, target_scores
from test_studies import grid

from xstilts.comparisons.tables.best import best_summary, best_table
from xstilts.errors import UserError
from xstilts.grid import Grid, identities, summaries
from xstilts.grid.products import find_product
from xstilts.jobs.tables import study_cells
from xstilts.results.render import Header, summary_markdown
from xstilts.statistics.predicates import evaluate
from xstilts.statistics.study_scores import StudyScores

__all__ = ["error_of"]

TEXT = STUDY.replace("  tatoeba: {}\n", "  tatoeba: {}\n  bucc2018: {}\n  xquad: {}\n")
TWO = "protocol: jiant-2020\nfurther_protocols: [xtreme-2020]\n"


def study(tmp_path: Path, more: str = TWO) -> Grid:
    return grid_of(tmp_path, TEXT + more)


def test_a_second_protocol_trains_nothing_and_shares_what_is_the_same(tmp_path: Path) -> None:
    one, two = grid_of(tmp_path, TEXT + "protocol: jiant-2020\n"), study(tmp_path)
    assert two.target_models() == one.target_models()
    assert two.intermediate_models() == one.intermediate_models()
    assert two.predictions() == one.predictions()
    other = two.in_view("xtreme-2020")
    assert other.target_models() == one.target_models()
    new = set(other.predictions()) - set(two.predictions())
    # BUCC is compared at another layer; Tatoeba's vectors are those of both protocols
    assert new
    assert {path.split("/")[-2] for path in new} == {"bucc2018@xtreme-2020"}
    assert list(two.names.predicted_targets()) == [*two.targets, "bucc2018@xtreme-2020"]


def test_spans_are_predicted_twice_if_two_protocols_decode_them_differently(tmp_path: Path) -> None:
    two = study(tmp_path, "further_protocols: [xtreme-2020]\n")
    assert "xquad@xtreme-2020" in two.names.predicted_targets()
    assert "xnli@xtreme-2020" not in two.names.predicted_targets()


def test_protocols_never_meet_in_a_table(tmp_path: Path) -> None:
    two = study(tmp_path)
    other = two.in_view("xtreme-2020")
    assert two.paths.tables == "results/tiny/tables"
    assert other.paths.tables == "results/tiny/tables/xtreme-2020"
    assert {cell.scores for cell in study_cells(two)}.isdisjoint(
        cell.scores for cell in study_cells(other)
    )
    assert identities.scores(two, "bucc2018")["protocol"] == "jiant-2020"
    again = identities.scores(two, "bucc2018@xtreme-2020")
    assert (again["protocol"], again["headline"]) == ("xtreme-2020", "f1")
    assert identities.scores(two, "bucc2018")["headline"] == "f1_oracle"
    assert summaries.tables(other)["protocol"] == "xtreme-2020"
    assert summaries.tables(two)["protocol"] == "jiant-2020"
    product = find_product(two, "scores/mini/seed-1/mnli/xnli@xtreme-2020")
    assert "results/tiny/predictions/mini/seed-1/mnli/xnli/qab.parquet" in product.inputs


def test_choices_are_made_on_dev_sets_where_there_are_any(tmp_path: Path) -> None:
    found = study(tmp_path, "choose_on: all\n").in_view("validation").targets
    # XQuAD and Tatoeba have one set only
    assert list(found) == ["xnli@validation", "bucc2018@validation"]
    assert found["xnli@validation"].split == "validation"
    assert found["xnli@validation"].languages == ("qaa", "qab", "qac")
    source = study(tmp_path, "choose_on: source\n").in_view("validation").targets
    assert source["xnli@validation"].languages == ("qaa",)
    assert source["bucc2018@validation"].languages == ("qab", "qac")


def test_choices_of_the_paper() -> None:
    full = grid("phang2020")
    assert full.views == ("", "xtreme-2020", "validation")
    found = full.in_view("validation").targets
    names = {name.partition("@")[0] for name in found}
    assert names == {"xnli", "pawsx", "udpos", "panx", "mlqa", "bucc2018"}
    # Kazakh, Thai, Tagalog and Yoruba have no dev set
    absent = set(full.targets["udpos"].languages) - set(found["udpos@validation"].languages)
    assert absent == {"kk", "th", "tl", "yo"}


def test_a_protocol_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"further_protocols\[0\]: 'jiant-2020' is named twice"):
        study(tmp_path, "protocol: jiant-2020\nfurther_protocols: [jiant-2020]\n")


def test_the_best_on_dev_is_judged_on_test() -> None:
    levels = {"none": (0.5, 0.5), "lucky": (0.8, 0.4), "good": (0.7, 0.7)}

    def scores(at: int) -> dict[tuple[str, int, str], list[int]]:
        return {
            (name, seed, "de"): answers(shares[at], 10 * seed + len(name) + at, 2000)
            for name, shares in levels.items()
            for seed in (1, 2, 3)
        }

    targets = {("xlmr", name): target_scores(scores(0)) for name in ("xnli", "xquad")}
    measured = StudyScores(targets, list(levels), "none", "en")
    measured.choice = {("xlmr", "xnli"): target_scores(scores(1), counts=False)}
    rows = {row["target"]: row for row in best_table(measured).to_dict("records")}
    assert (rows["xnli"]["strategy"], rows["xnli"]["chosen_on"]) == ("good", "validation")
    assert rows["xnli"]["chosen_by"] == pytest.approx(20, abs=3)
    assert rows["xnli"]["delta"] == pytest.approx(20, abs=3)
    assert (rows["xquad"]["strategy"], rows["xquad"]["chosen_on"]) == ("lucky", "test")
    average = rows["average"]
    assert average["delta"] == pytest.approx((rows["xnli"]["delta"] + rows["xquad"]["delta"]) / 2)
    assert average["low"] < average["delta"] < average["high"]
    # the largest gain on the test set itself is no evidence, nor is an average that includes it
    assert rows["xnli"]["verdict"] == "helps"
    assert (rows["xquad"]["verdict"], average["verdict"]) == ("unknown", "unknown")
    assert "chosen on the test set itself" in rows["xquad"]["uncertainty"]
    assert rows["average chosen on dev"]["delta"] == rows["xnli"]["delta"]
    assert rows["average chosen on dev"]["verdict"] == "helps"
    header = Header(
        study="tiny", protocol="recommended", baseline="none", seeds=(1, 2, 3), replicates=2000
    )
    text = summary_markdown(best_summary(best_table(measured), header), header)
    assert "| xquad†" in text
    assert "| xnli†" not in text
    found = evaluate(claim(best_per_target={"more_than": 5}), measured, "xlmr")
    assert found.decision == "confirmed"
    assert "xnli good, xquad lucky†" in found.remark
    assert found.estimate is not None
    assert found.estimate.delta == average["delta"]
    measured.choice = {}
    found = evaluate(claim(best_per_target={"more_than": 5}), measured, "xlmr")
    assert found.estimate is not None
    assert found.estimate.low > 5
    assert found.decision == "not decided"
    assert "without these targets the claim is not confirmed" in found.remark


def test_the_best_on_the_test_set_itself_may_hurt() -> None:
    right = {("none", seed, "de"): answers(0.9, seed, 2000) for seed in (1, 2, 3)}
    right |= {("bad", seed, "de"): answers(0.5, 9 + seed, 2000) for seed in (1, 2, 3)}
    measured = StudyScores({("xlmr", "xnli"): target_scores(right)}, ["none", "bad"], "none", "en")
    assert set(best_table(measured)["verdict"]) == {"hurts"}
