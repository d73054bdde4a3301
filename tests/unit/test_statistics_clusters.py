"""Examples of one premise, paragraph or document are drawn together, in all languages."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from benchmark_modules import benchmark_module
from scipy import stats

from xstilts.data.clusters import cluster_of, read_clusters
from xstilts.data.prepare import write_examples
from xstilts.readers.conllu import read_upos
from xstilts.statistics.clusters import FEWEST, joined_clusters, too_few
from xstilts.statistics.counts import Counts
from xstilts.statistics.target_scores import TargetScores


@pytest.fixture(scope="module")
def simulation() -> ModuleType:
    """The module of benchmarks/coverage.py, which has the name of another package."""
    return benchmark_module("coverage.py")


def pairs(premises: list[str]) -> list[dict[str, Any]]:
    return [
        {"id": str(index), "text_a": premise, "text_b": f"{index}", "label": "neutral"}
        for index, premise in enumerate(premises)
    ]


def test_the_column_names_the_shared_text_and_is_not_part_of_the_content(tmp_path: Path) -> None:
    rows = pairs(["a premise", "a premise", "another", "NS", "NS"])
    kind, labels = "classification", ["neutral"]
    new, old = tmp_path / "new.parquet", tmp_path / "old.parquet"
    content = write_examples(rows, kind, labels, new, "here")["content"]
    # a data set of an earlier version has no such column
    pq.write_table(pq.read_table(new).drop_columns("cluster"), old)
    found = read_clusters(new, kind)
    assert found == read_clusters(old, kind)
    assert found["0"] == found["1"] != found["2"]
    assert found["3"] is found["4"] is None
    named = [row | {"cluster": "a document"} for row in rows]
    assert write_examples(named, kind, labels, new, "here")["content"] == content
    assert set(read_clusters(new, kind).values()) == {"a document"}


@pytest.mark.parametrize(
    ("kind", "row", "alone"),
    [
        ("classification", {"text_a": "a single text", "text_b": None}, True),
        ("span", {"context": "a paragraph", "question": "who ?", "answers": []}, False),
        ("multiple_choice", {"context": "", "question": "who ?", "choices": []}, True),
        ("tagging", {"tokens": ["a"], "tags": ["X"]}, True),
        ("retrieval", {"side": "query", "text": "a sentence", "matches": ["1"]}, False),
        ("retrieval", {"side": "candidate", "text": "a sentence", "matches": []}, True),
        ("ranking", {"side": "query", "text": "a mention", "matches": ["Q1"]}, False),
        ("mining", {"side": "query", "text": "a sentence", "matches": ["1"]}, True),
    ],
)
def test_each_kind_names_its_clusters(kind: Any, row: dict[str, Any], *, alone: bool) -> None:
    assert (cluster_of(kind, {"id": "1", **row}) is None) == alone
    assert cluster_of(kind, {"id": "1", **row, "cluster": "its own"}) == "its own"


def test_sentences_of_a_treebank_belong_to_its_documents(tmp_path: Path) -> None:
    file = tmp_path / "en_pud-ud-test.conllu"
    word = "1\tgo\tgo\tVERB\t_\t_\t0\troot\t_\t_\n\n"
    starts = ["# newdoc id = n01\n", "", "# newdoc\n", "# newpar\n"]
    file.write_text("".join(start + word for start in starts), encoding="utf-8")
    documents = [row["cluster"] for row in read_upos([file], "en")]
    assert documents == ["n01", "n01", "en_pud-ud-test:2", "en_pud-ud-test:2"]


def test_languages_join_their_clusters_by_id() -> None:
    # question 2 is in German only, 4 in English only; German has a coarser paragraph
    joined = joined_clusters(
        {
            "en": {"1": "p", "3": "q", "4": "q", "5": "r", "6": None},
            "de": {"1": "x", "2": "x", "3": "y", "5": "z", "6": "w"},
        }
    )
    assert joined["en"] == {"1": "1", "3": "3", "4": "3", "5": "5", "6": "6"}
    assert joined["de"] == {"1": "1", "2": "1", "3": "3", "5": "5", "6": "6"}


def test_a_language_that_numbers_its_lines_differently_stays_apart() -> None:
    premises = {str(index): f"p{index // 3}" for index in range(60)}
    later = {str(index): f"x{(index + 1) // 3}" for index in range(59)}
    joined = joined_clusters({"ay": premises, "gn": dict(premises), "oto": later})
    assert joined["ay"] == joined["gn"]
    assert len(set(joined["ay"].values())) == len(set(joined["oto"].values())) == 20
    assert not set(joined["ay"].values()) & set(joined["oto"].values())


def test_queries_of_a_retrieval_task_are_joined_by_their_text_alone() -> None:
    joined = joined_clusters(
        {"de": {"q0": "a", "q1": "b"}, "fr": {"q0": "b", "q1": None}}, shared_ids=False
    )
    assert joined["de"]["q1"] == joined["fr"]["q0"]
    assert len({name for names in joined.values() for name in names.values()}) == 3


def test_few_documents_are_too_few() -> None:
    documents = {str(index): f"d{index % FEWEST}" for index in range(100)}
    assert not too_few(documents)
    assert too_few(documents | {one: "d0" for one, name in documents.items() if name == "d1"})
    assert not too_few({"0": None, "1": "a premise"})


def cells(languages: dict[str, list[int]], num: int = 400) -> dict[tuple[str, int, str], Counts]:
    """Answers that are right or wrong for whole clusters, in the examples of each language."""
    right_N = np.random.default_rng(0).random(num // 4) < 0.6
    return {
        ("none", 1, language): Counts(
            tuple(f"{one:03}" for one in kept),
            right_N[np.array(kept) // 4].astype(float),
            np.ones(len(kept)),
        )
        for language, kept in languages.items()
    }


def scores_of(
    found: dict[tuple[str, int, str], Counts], clusters: dict[str, dict[str, str]], size: int
) -> TargetScores:
    scores = {key: one.value() for key, one in found.items()}
    return TargetScores("xquad/test", scores, found, {}, size, clusters)


def expansion(num_clusters: int) -> float:
    """The factor by which the percentile interval of a mean of few clusters is too narrow."""
    student = stats.t.ppf(0.975, num_clusters - 1) / stats.norm.ppf(0.975)
    return float(student * np.sqrt(num_clusters / (num_clusters - 1)))


def test_the_variance_is_that_of_independent_clusters() -> None:
    found = cells({"en": list(range(400))})
    by_four = {"en": {f"{one:03}": f"p{one // 4}" for one in range(400)}}
    size = 20_000
    together = scores_of(found, by_four, size).difference("none", None).replicates_BS
    singly = scores_of(found, {}, size).difference("none", None).replicates_BS
    assert together is not None
    assert singly is not None
    share = found["none", 1, "en"].value() / 100
    variance = 1e4 * share * (1 - share) / 100
    assert together.var() == pytest.approx(variance * expansion(100) ** 2, rel=0.06)
    assert singly.var() == pytest.approx(variance / 4 * expansion(400) ** 2, rel=0.06)


def test_a_cluster_is_drawn_together_in_languages_that_share_a_part_of_the_examples() -> None:
    kept = {"en": list(range(0, 300)), "de": list(range(200, 400))}
    clusters = joined_clusters(
        {
            language: {f"{one:03}": f"{language}{one // 4}" for one in found}
            for language, found in kept.items()
        }
    )
    found = cells(kept)
    size = 20_000
    both = scores_of(found, clusters, size)
    english, german = (
        both.difference("none", None, among=[name]).replicates_BS for name in ("en", "de")
    )
    assert english is not None
    assert german is not None
    # 25 of 75 and of 50 clusters of four are shared, with equal answers
    right_G = cells({"en": list(range(200, 300))})["none", 1, "en"].numerator_N[::4]
    mean = {language: found["none", 1, language].value() / 100 for language in kept}
    shared = 4**2 * ((right_G - mean["en"]) * (right_G - mean["de"])).sum() / 300 / 200
    expected = 1e4 * shared * expansion(75) * expansion(50)
    covariance = np.cov(english[:, 0], german[:, 0])[0, 1]
    assert covariance == pytest.approx(expected, rel=0.08)
    # and each language has the same samples alone
    alone = scores_of({k: v for k, v in found.items() if k[2] == "de"}, clusters, size)
    again = alone.difference("none", None).replicates_BS
    assert again is not None
    np.testing.assert_array_equal(again, german)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["paragraphs", pytest.param("partly shared", marks=pytest.mark.full)]
)
def test_intervals_contain_the_effect_as_often_as_they_say(
    simulation: ModuleType, name: str
) -> None:
    # benchmarks/coverage.py with few sets: 95 % is 190 of 200, and fewer than 180 have a
    # probability of 0.1 %
    inside, _ = simulation.coverage(simulation.STRUCTURES[name], 5, 1.0, sets=200, replicates=400)
    assert 180 <= inside <= 199


@pytest.mark.slow
def test_intervals_of_single_questions_are_too_narrow_where_paragraphs_matter(
    simulation: ModuleType,
) -> None:
    paragraphs = simulation.STRUCTURES["paragraphs"]
    inside, narrow = simulation.coverage(paragraphs, 5, 0.0, sets=60, replicates=400, singly=True)
    _, wide = simulation.coverage(paragraphs, 5, 0.0, sets=60, replicates=400)
    assert inside < 57
    assert wide > 1.2 * narrow
