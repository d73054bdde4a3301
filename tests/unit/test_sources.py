"""Training language by evaluation language: a study's language contrasts and differences."""

from __future__ import annotations

import pytest
from test_statistics import answers, target_scores
from test_studies import grid

from xstilts.comparisons.tables.sources import source_table, sources_summary
from xstilts.grid.figures import figure_names
from xstilts.grid.language_contrasts import LanguageContrast, language_contrasts
from xstilts.results.render import Header, summary_markdown
from xstilts.statistics.study_scores import StudyScores


def test_language_contrasts_of_the_shipped_studies() -> None:
    study = grid("pawsx_sources")
    found = {(one.position, one.target): one for one in language_contrasts(study)}
    before = found["intermediate", "xnli"]
    assert (before.task, before.control) == ("pawsx", "en")
    assert before.members["de"] == ("de", "xnli")
    # mixtures are not part of a contrast
    assert list(before.members) == ["en", "de", "es", "fr", "ja", "ko", "zh"]
    on = found["target", "pawsx"]
    assert on.members["ko"] == ("none", "pawsx-from-ko")
    assert len(on.members) == 7
    assert "sources" in figure_names(study)
    assert not language_contrasts(grid("sequences_vs_joint"))
    assert "sources" not in figure_names(grid("sequences_vs_joint"))


def test_xnli_in_german_is_contrasted_with_mnli() -> None:
    found = language_contrasts(grid("english_vs_non_english"))
    assert {one.task for one in found} == {"mnli"}
    assert len(found) == 9
    assert found[0].control == "en"
    assert found[0].members["en"][0] == "en"
    assert len(found[0].members) == 15


def study_scores() -> StudyScores:
    """Trained in German, German gains 20 points; in English, English does."""
    levels = {("from-en", "en"): 0.8, ("from-en", "de"): 0.5}
    levels |= {("from-de", "en"): 0.6, ("from-de", "de"): 0.7}
    found = {}
    for target in ("from-en", "from-de"):
        right = {
            ("none", seed, language): answers(
                levels[target, language], 10 * seed + len(target), 3000
            )
            for language in ("en", "de")
            for seed in (1, 2, 3)
        }
        found["xlmr", target] = target_scores(right)
    return StudyScores(found, ["none"], "none", "en")


@pytest.mark.slow
def test_differences_from_the_control_by_language() -> None:
    members = {"en": ("none", "from-en"), "de": ("none", "from-de")}
    contrast = LanguageContrast(
        position="target", task="pawsx", target="pawsx", control="en", members=members
    )
    table = source_table(study_scores(), [contrast])
    rows = {(row["source"], row["language"]): row for row in table.to_dict("records")}
    assert rows["de", "de"]["delta"] == pytest.approx(20, abs=3)
    assert rows["de", "de"]["verdict"] == "helps"
    assert rows["de", "en"]["delta"] == pytest.approx(-20, abs=3)
    mean = (rows["de", "de"]["delta"] + rows["de", "en"]["delta"]) / 2
    assert rows["de", "all"]["delta"] == pytest.approx(mean)
    assert rows["de", "de"]["p_holm"] >= rows["de", "de"]["p"]
    assert rows["en", "en"]["verdict"] == "baseline"
    header = Header(
        study="tiny", protocol="recommended", baseline="none", seeds=(1, 2, 3), replicates=2000
    )
    text = summary_markdown(sources_summary(table, header), header)
    assert "## xlmr: pawsx as the target, evaluated on pawsx (control: en)" in text
    assert "*)" in text
    assert "No two strategies" in summary_markdown(
        sources_summary(source_table(study_scores(), []), header), header
    )
