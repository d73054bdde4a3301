"""``when_missing: skip``: what is left of a study whose data cannot all be had, and who says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from score_files import write_scores
from test_claims import claim
from test_statistics import answers, target_scores

from release_files import write_release_files
from xstilts.comparisons.tables.claims import claim_table
from xstilts.config.study import Study
from xstilts.errors import UserError
from xstilts.grid import Grid, identities, summaries
from xstilts.jobs.report import build_study_report
from xstilts.jobs.statistics import build_statistics
from xstilts.jobs.statistics import study_scores as scores_of
from xstilts.jobs.tables import build_tables, study_header, table_cells
from xstilts.plan.build import Options, build_plan
from xstilts.plan.render import render
from xstilts.statistics.left_out import LeftOut
from xstilts.statistics.study_scores import StudyScores

if TYPE_CHECKING:
    from pathlib import Path

STUDY = """\
study: tiny
when_missing: skip
seeds: [1]
bases: {large: {hub: FacebookAI/xlm-roberta-base}}
stages:
  all-three: {mixture: [mnli, ccg, qqp]}
strategies:
  none: []
  mnli: [mnli]
  ccg: [ccg]
  multi: [all-three]
  then: [mnli, [ccg, squad_v1]]
contrasts: [[multi, mnli], [ccg, mnli]]
targets:
  xnli: {languages: [de, en]}
  ccg: {languages: [en]}
  tatoeba: {languages: [de, sw]}
"""


def grid(folder: Path, text: str = STUDY) -> Grid:
    (folder / "study.yaml").write_text(text)
    return Grid.load(None, [folder / "study.yaml"])


@pytest.fixture
def gaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Grid:
    """A study without CCGbank; tatoeba only from files, which lack Swahili."""
    monkeypatch.chdir(tmp_path)
    write_release_files(tmp_path / "data")
    return grid(tmp_path, f"{STUDY}data_root: data\nsources: {{tatoeba: original}}\n")


def test_strategies_and_targets_that_need_the_data_are_dropped(gaps: Grid) -> None:
    assert list(gaps.study.strategies) == ["none", "mnli", "multi (2 of 3)", "then (1 of 2)"]
    assert list(gaps.targets) == ["xnli", "tatoeba"]
    assert gaps.targets["tatoeba"].languages == ("de",)
    assert gaps.study.contrasts == [("multi (2 of 3)", "mnli")]
    # the chain and the identity are those of what is left
    mixture = identities.model(gaps, "large", 1, "all-three", None)["mixture"]
    assert mixture == ["mnli@en", "qqp@en"]
    assert "mnli~squad_v1" in gaps.chains
    assert gaps.strategy_text("multi (2 of 3)", "xnli") == "all-three (2 of 3) → xnli"
    assert not [path for path in gaps.training_data() if "ccg" in path]


def test_an_error_is_the_default(tmp_path: Path) -> None:
    assert Study.model_fields["when_missing"].default == "error"
    with pytest.raises(UserError, match=r"targets\.ccg.*: no source has ccg"):
        grid(tmp_path, STUDY.replace("when_missing: skip\n", ""))


def test_names_that_do_not_exist_are_errors_still(tmp_path: Path) -> None:
    wrong = {
        "'ccgg' is not a known task": ("[mnli, ccg, qqp]", "[mnli, ccgg, qqp]"),
        "'xx' is not a known language": ("[de, en]", "[de, xx]"),
    }
    for message, (old, new) in wrong.items():
        with pytest.raises(UserError, match=message):
            grid(tmp_path, STUDY.replace(old, new))


def test_files_of_a_named_source_may_be_missing(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    more = f"data_root: {tmp_path}/data\nsources: {{qqp: original, mnli: original}}\n"
    found = grid(tmp_path, STUDY.replace("  then:", "  squad: [squad_v1]\n  then:") + more)
    assert list(found.gaps.strategies) == ["mnli", "ccg", "multi", "then"]
    assert set(found.gaps.targets) == {"xnli", "ccg"}
    reasons = " ".join(found.gaps.sentences())
    assert "Left out: strategy mnli; strategy multi; strategy then; target xnli: no file" in reasons
    assert f"no file of mnli (train) under {tmp_path}/data." in reasons


def test_if_nothing_is_left_there_is_one_error(tmp_path: Path) -> None:
    start, _, _ = STUDY.partition("strategies:")
    only = f"{start}strategies: {{none: [], ccg: [ccg]}}\ntargets: {{xnli: {{}}}}\n"
    with pytest.raises(UserError, match=r"none of the strategies is left.*Left out: strategy ccg"):
        grid(tmp_path, only)
    targets = STUDY.partition("targets:")[0] + "targets: {ccg: {}}\n"
    with pytest.raises(UserError, match=r"none of the targets is left.*target ccg"):
        grid(tmp_path, targets)
    with pytest.raises(UserError, match=r"the baseline 'ccg' lacks its data.*Name another"):
        grid(tmp_path, f"{STUDY}baseline: ccg\n")


def test_dev_sets_that_select_weights_are_needed_too(tmp_path: Path) -> None:
    write_release_files(tmp_path / "data")
    dev_sets = list((tmp_path / "data").rglob("multinli.dev*"))
    assert dev_sets
    for file in dev_sets:
        file.unlink()
    more = f"data_root: {tmp_path}/data\nsources: {{mnli: original}}\n"
    found = grid(tmp_path, STUDY + more)
    assert "mnli" in found.gaps.strategies
    last = grid(tmp_path, f"{STUDY}{more}recipes: {{all: {{selection: last}}}}\n")
    assert "mnli" not in last.gaps.strategies


def test_plan_and_tables_begin_with_what_is_left_out(gaps: Grid, tmp_path: Path) -> None:
    first, second, third, *_ = render(build_plan(gaps, Options(results=tmp_path / "none")), gaps)
    assert first.startswith("tiny:")
    assert (
        "Left out: strategy ccg; ccg@en in strategy multi, which is now `multi (2 of 3)`" in second
    )
    assert "target ccg: no source has ccg (train), sold by the LDC" in second
    assert "sw of target tatoeba: no file of tatoeba (test) under data" in third
    assert study_header(gaps).notes[0].startswith("Left out: strategy ccg;")
    assert summaries.tables(gaps)["left_out"] == study_header(gaps).notes[0]


def test_averages_over_less_are_marked_in_every_table(gaps: Grid, tmp_path: Path) -> None:
    for cell in table_cells(gaps):
        if cell.scores.suffix == ".parquet":
            kept = [code for code in cell.languages if code != "sw"]
            write_scores(cell, dict.fromkeys(kept, 50.0))
    out = tmp_path / gaps.paths.tables
    build_tables(gaps, out)
    table = pd.read_csv(out / "transfer.csv", keep_default_na=False).set_index(
        ["strategy", "target"]
    )
    assert list(table.index.unique("strategy")) == [
        "none", "mnli", "ccg", "multi (2 of 3)", "then (1 of 2)",
    ]  # fmt: skip
    average = table.loc["none", "average"]
    assert (average["num_targets"], average["expected_targets"]) == (2, 3)
    assert str(average["complete"]) == "False"
    row = table.loc["none", "tatoeba"]
    assert (row["num_languages"], row["expected_languages"]) == (1, 2)
    assert "left out: no source has ccg (train)" in table.loc["ccg", "xnli"]["reason"]
    text = (out / "transfer.md").read_text()
    assert text.index("> Left out: strategy ccg") < text.index("| strategy")
    assert "incomplete average (2 of 3 targets" in text
    assert "`multi (2 of 3)`" in (out / "languages.md").read_text()
    assert "Left out: strategy ccg" in (out / "transfer.tex").read_text()
    build_statistics(gaps, out)
    build_study_report(gaps)
    page = (tmp_path / gaps.paths.report).read_text()
    assert '<p class="note">Left out: strategy ccg' in page
    # what is left out has no details to link to
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert any("tatoeba" in link for link in links)
    assert links <= set(re.findall(r'id="([^"]+)"', page))
    left = scores_of(gaps).left_out
    assert left.strategies == {
        "ccg": "ccg is left out", "multi": "2 of 3", "then": "1 of 2",
    }  # fmt: skip
    assert (left.num_strategies, left.targets, left.num_targets) == (4, {"ccg"}, 3)


@pytest.mark.parametrize(
    ("predicate", "left"),
    [
        ({"compare": {"strategy": "multi", "targets": ["xnli"], "more_than": 1}}, "8 of 9"),
        ({"compare": {"strategy": "ccg", "targets": ["xnli"], "more_than": 1}}, "ccg is left out"),
        ({"best": {"strategies": ["mnli"], "targets": ["xnli"]}}, "2 of 4 strategies"),
        ({"compare": {"strategy": "mnli", "more_than": 1}}, "3 of 4 targets"),
        ({"largest_gain": {"targets": ["xnli"], "strategies": ["mnli"]}}, "3 of 4 targets"),
        ({"compare": {"strategy": "mnli", "targets": ["xnli", "lost"], "more_than": 1}},
         "1 of 2 targets"),
        ({"compare": {"strategy": "mnli", "targets": ["xnli"], "more_than": 1}}, ""),
        ({"compare": {"strategy": "mnli", "targets": ["mlqa"], "more_than": 1}},
         "3 of 7 languages of mlqa"),
    ],
)  # fmt: skip
def test_claims_that_need_the_missing_data_are_not_decided(predicate, left) -> None:
    made = claim(**predicate)
    _, settings = made.predicate.settings
    scores = StudyScores(
        {("xlmr", "xnli"): target_scores({("none", 1, "en"): answers(0.5, 1, 50)})},
        ["none"],
        "none",
        "en",
    )
    scores.left_out = LeftOut(
        strategies={"multi": "8 of 9", "ccg": "ccg is left out"},
        num_strategies=4,
        targets=frozenset({"lost"}),
        num_targets=4,
        languages={"mlqa": "3 of 7 languages of mlqa"} if "mlqa" in str(predicate) else {},
    )
    assert scores.left_out.of(settings) == left
    [row] = claim_table([("file", [made])], scores, "").to_dict("records")
    # the scores have no strategy but the baseline
    assert row["verdict"] == (f"not decided: {left}" if left else "not decided")
    assert ("has no strategy 'mnli'" in row["remark"]) == (not left)
    assert LeftOut().of(settings) == ""
