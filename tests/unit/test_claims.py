"""Claims are data, and tested on results with their uncertainty."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from test_config import STUDY, grid_of
from test_statistics import answers, target_scores

from xstilts.comparisons.tables.claims import claim_table, claims_summary
from xstilts.config.claims import Claim
from xstilts.config.load import load_claims
from xstilts.errors import UserError
from xstilts.results.render import Header, summary_markdown
from xstilts.statistics.predicates import evaluate
from xstilts.statistics.study_scores import StudyScores

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LEVELS = {
    ("none", "xnli"): 0.5,
    ("mnli", "xnli"): 0.7,
    ("squad_v1", "xnli"): 0.5,
    ("none", "xquad"): 0.5,
    ("mnli", "xquad"): 0.6,
    ("squad_v1", "xquad"): 0.7,
    ("none", "udpos"): 0.6,
    ("mnli", "udpos"): 0.4,
    ("squad_v1", "udpos"): 0.6,
}


def study_scores(seeds: tuple[int, ...] = (1, 2, 3, 4)) -> StudyScores:
    """Planted levels of three strategies on three targets; all share their random numbers."""
    found = {}
    for name in ("xnli", "xquad", "udpos"):
        right = {
            (strategy, seed, "en"): answers(level, 100 * seed + len(target), 3000)
            for (strategy, target), level in LEVELS.items()
            if target == name
            for seed in seeds
        }
        found["xlmr", name] = target_scores(right)
    return StudyScores(found, ["none", "mnli", "squad_v1"], "none", "en")


def claim(**predicate: object) -> Claim:
    text = {"id": "it", "statement": "So it is.", "source": "a paper", "mark": "verified"}
    return Claim.model_validate({**text, "value": 20.0, "predicate": predicate})


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        ({"compare": {"strategy": "mnli", "targets": ["xnli"], "more_than": 10}}, "confirmed"),
        ({"compare": {"strategy": "mnli", "targets": ["xnli"], "more_than": 30}}, "contradicted"),
        ({"compare": {"strategy": "mnli", "targets": ["xnli"], "less_than": 10}}, "contradicted"),
        (
            {"compare": {"strategy": "squad_v1", "targets": ["xnli"], "more_than": 0}},
            "not decided",
        ),
        (
            {"compare": {"strategy": "mnli", "against": "squad_v1", "less_than": 0}},
            "confirmed",
        ),
        ({"best": {"strategies": ["squad_v1"], "targets": ["xquad"]}}, "confirmed"),
        ({"best": {"strategies": ["squad_v1"], "targets": ["xnli"]}}, "contradicted"),
        ({"largest_gain": {"targets": ["xnli"], "strategies": ["mnli"]}}, "confirmed"),
        ({"largest_gain": {"targets": ["udpos"]}}, "contradicted"),
        # chosen on the test sets themselves
        ({"best_per_target": {"more_than": 5}}, "not decided"),
        ({"best_per_target": {"more_than": 50}}, "contradicted"),
        ({"not_consistent": {"strategies": ["mnli"], "against": ["none"]}}, "confirmed"),
        ({"gains_with": {"targets": ["xnli"], "at_least": 1}}, "confirmed"),
        ({"gains_with": {"targets": ["udpos"], "at_least": 2}}, "contradicted"),
        ({"gains_with": {"targets": ["xquad"], "at_least": 2}}, "confirmed"),
        ({"gains_with": {"targets": ["xnli"], "at_most": 0}}, "contradicted"),
        ({"gains_with": {"targets": ["udpos"], "at_most": 1}}, "confirmed"),
        (
            {
                "not_consistent": {
                    "strategies": ["mnli"],
                    "against": ["none"],
                    "targets": ["xnli", "xquad"],
                }
            },
            "contradicted",
        ),
    ],
)
def test_decisions(predicate: dict[str, object], expected: str) -> None:
    assert evaluate(claim(**predicate), study_scores(), "xlmr").decision == expected


def test_one_seed_without_examples_decides_nothing() -> None:
    few = {key: answers(level, 1) for key, level in {("mnli", 1, "en"): 0.9}.items()}
    few["none", 1, "en"] = answers(0.1, 1)
    one = StudyScores(
        {("xlmr", "xnli"): target_scores(few, counts=False)}, ["none", "mnli"], "none", "en"
    )
    found = evaluate(claim(compare={"strategy": "mnli", "more_than": 0}), one, "xlmr")
    assert found.decision == "not decided"
    assert found.estimate is not None
    assert found.estimate.delta > 50
    assert "none: one seed" in found.remark


@pytest.mark.parametrize(
    ("predicate", "decision", "remark"),
    [
        ({"compare": {"strategy": "mnli", "targets": ["xnli"], "more_than": 10}},
         "these models differ", "One seed: confirmed for these models, not decided for"),
        ({"compare": {"strategy": "mnli", "targets": ["xnli"], "more_than": 30}},
         "these models differ", "One seed: contradicted for these models"),
        ({"compare": {"strategy": "squad_v1", "targets": ["xnli"], "more_than": -20,
                      "less_than": 20}},
         "not decided", "One seed: confirmed for these models"),
        ({"gains_with": {"strategies": "all", "targets": ["xquad"], "at_least": 2}},
         "these models differ", "One seed: confirmed for these models"),
    ],
)  # fmt: skip
def test_one_seed_decides_no_claim_about_strategies(
    predicate: dict[str, object], decision: str, remark: str
) -> None:
    assert evaluate(claim(**predicate), study_scores(), "xlmr").remark == ""
    found = evaluate(claim(**predicate), study_scores((1,)), "xlmr")
    assert found.decision == decision
    assert remark in found.remark


def test_a_claim_about_a_strategy_that_the_study_lacks_is_not_decided() -> None:
    found = evaluate(claim(compare={"strategy": "mnlii", "more_than": 0}), study_scores(), "xlmr")
    assert found.decision == "not decided"
    assert found.remark.startswith("The study has no strategy 'mnlii'. Did you mean 'mnli'?")


def test_verdicts_on_the_microworld_say_so_and_unchecked_numbers_too() -> None:
    unchecked = claim(compare={"strategy": "mnli", "targets": ["xnli"], "more_than": 0})
    unchecked = unchecked.model_copy(update={"mark": "reported, not checked against the paper"})
    table = claim_table([("a.yaml", [unchecked])], study_scores(), "microworld")
    row = table.iloc[0]
    assert row["verdict"] == "confirmed (microworld)"
    assert row["stated_in_interval"] == "yes"
    assert row["measured"] == pytest.approx(20, abs=3)
    header = Header(
        study="tiny", protocol="recommended", baseline="none", seeds=(1, 2), replicates=2000
    )
    text = summary_markdown(claims_summary(table, header), header)
    assert "+20.0 (reported, not checked against the paper)" in text
    assert "confirmed (microworld)" in text
    assert "names no claims" in summary_markdown(
        claims_summary(claim_table([], study_scores(), ""), header), header
    )


def test_the_papers_claims_read_and_only_found_numbers_are_verified() -> None:
    claims = {one.id: one for one in load_claims(ROOT / "studies/claims/phang2020.yaml").claims}
    stated = {name: (one.value, one.mark) for name, one in claims.items() if one.value is not None}
    assert stated.pop("best-per-target") == (5.4, "verified")
    assert {mark for _, mark in stated.values()} == {"reported, not checked against the paper"}
    found = claim_table([("phang2020.yaml", list(claims.values()))], study_scores(), "")
    assert list(found["claim"]) == list(claims)
    assert not math.isnan(found.set_index("claim").loc["squad", "measured"])


FILE = """\
claims:
  - id: squad
    statement: SQuAD gains.
    source: a paper
    mark: verified
    predicate:
      compare: {strategy: squad_v1, more_than: 0}
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "mark: verified",
            "mark: verifid",
            "claims.yaml:5: claims[0].mark: 'verifid' is not",
        ),
        ("compare:", "compares:", "claims.yaml:7: claims[0].predicate.compares: 'compares' is not"),
        (", more_than: 0", "", "give more_than, less_than or both"),
        ("source: a paper", "sources: a paper", "Did you mean 'source'?"),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, old: str, new: str, expected: str) -> None:
    file = tmp_path / "claims.yaml"
    assert old in FILE
    file.write_text(FILE.replace(old, new), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load_claims(file)
    assert expected in str(caught.value)


def test_a_study_names_files_that_exist(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"claims\[0\]: no such file of claims: nowhere\.yaml"):
        grid_of(tmp_path, STUDY + "claims: [nowhere.yaml]\n")
    file = tmp_path / "claims.yaml"
    file.write_text(FILE, encoding="utf-8")
    assert grid_of(tmp_path, STUDY + f"claims: [{file}]\n").study.claims == [str(file)]
