"""Random submissions in all scripts, empty answers included, against slow references.

The references read nothing and share no code with the library: they score the lists that the files
are written from.
"""

from __future__ import annotations

import json
import string
import sys
import tempfile
import unicodedata
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from submission_files import benchmark, squad, write_part

from xstilts.metrics.pairs import pair_scores
from xstilts.metrics.ranks import average_precision, mean_average_precision
from xstilts.submission.score import score_folders
from xstilts.tasks.mnli import LABELS

# words, marks and articles in the scripts of the benchmark's languages, and nothing at all
PIECES = st.sampled_from(
    "the A an una Los der Das của là ال الكتاب 北京 大学 1990年 東京都 서울 กรุงเทพ नदी বাংলা "
    "తెలుగు தமிழ் ქართული ελληνικά дом Вода שלום فارسی မြန်မာ Straße ŻÓŁW İstanbul £5 $5 50% "
    "«ok» ¿qué? 、 。 ! - _ ' t.he can't".split()
)
ANSWERS = st.one_of(
    st.just(""),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=10),
    st.lists(PIECES, max_size=5).map(" ".join),
)
QUESTIONS = st.lists(
    st.tuples(st.lists(ANSWERS, min_size=1, max_size=3), ANSWERS), min_size=1, max_size=6
)


def scored(task: str, suffix: str, labels: str, predictions: str, language: str = "en") -> Any:
    """The scores of one pair of files."""
    with tempfile.TemporaryDirectory() as name:
        folder, file = Path(name), f"{task}/test-{language}.{suffix}"
        folders = (
            write_part(folder, "labels", {file: labels}),
            write_part(folder, "predictions", {file: predictions}),
        )
        found = score_folders(*folders, benchmark(task, language=language)).tasks[task]
    return {metric: values[language] for metric, values in found.metrics.items()}


# --- answers ------------------------------------------------------------------------------------

ARTICLES = {
    "en": {"a", "an", "the"},
    "es": {"un", "una", "unos", "unas", "el", "la", "los", "las"},
    "vi": {"của", "là", "cái", "chiếc", "những"},
    "de": set("ein eine einen einem eines einer der die das den dem des".split()),
}


def without_articles(text: str, articles: set[str]) -> str:
    """Words are runs of letters, digits and underscores; an article becomes a space."""
    out, word = "", ""
    for char in [*text, ""]:
        if char and (char.isalnum() or char == "_"):
            word += char
            continue
        out += (" " if word in articles else word) + char
        word = ""
    return out


def squad_tokens(text: str, language: str) -> list[str]:
    kept = "".join(c for c in text.lower() if c not in string.punctuation)
    return without_articles(kept, ARTICLES["en"]).split()


def mlqa_tokens(text: str, language: str) -> list[str]:
    kept = ""
    for char in text.lower():
        if char not in string.punctuation and unicodedata.category(char)[0] != "P":
            kept += char
    if language == "ar":
        kept = " ".join(kept.split("ال"))
    elif language in ARTICLES:
        kept = without_articles(kept, ARTICLES[language])
    if language != "zh":
        return kept.split()
    tokens = [""]
    for char in kept:
        if 0x4E00 <= ord(char) <= 0x9FA5:
            tokens += [char, ""]
        elif char.isspace():
            tokens.append("")
        else:
            tokens[-1] += char
    return [token for token in tokens if token]


def slow_answers(questions: list[tuple[list[str], str]], rules: Any, language: str) -> Any:
    matches, overlaps = [], []
    for answers, prediction in questions:
        mine = rules(prediction, language)
        match = overlap = 0.0
        for answer in answers:
            right = rules(answer, language)
            match = max(match, float(" ".join(right) == " ".join(mine)))
            unused, shared = list(right), 0
            for token in mine:
                if token in unused:
                    unused.remove(token)
                    shared += 1
            if shared:
                precision, recall = shared / len(mine), shared / len(right)
                overlap = max(overlap, 2 * precision * recall / (precision + recall))
        matches.append(match)
        overlaps.append(overlap)
    size = len(questions)
    return {"exact_match": 100 * sum(matches) / size, "f1": 100 * sum(overlaps) / size}


@pytest.mark.parametrize(
    ("task", "language", "rules"),
    [
        ("xquad", "th", squad_tokens),
        ("tydiqa", "te", squad_tokens),
        *(("mlqa", language, mlqa_tokens) for language in "en es de ar hi vi zh".split()),
    ],
)
@settings(max_examples=40, deadline=None)
@given(questions=QUESTIONS)
def test_answers(
    task: str, language: str, rules: Any, questions: list[tuple[list[str], str]]
) -> None:
    gold = {f"q{number}": answers for number, (answers, _) in enumerate(questions)}
    predictions = {f"q{number}": text for number, (_, text) in enumerate(questions)}
    found = scored(task, "json", squad(gold), json.dumps(predictions), language)
    assert found == pytest.approx(slow_answers(questions, rules, language), abs=1e-9)


def test_the_reference_knows_every_mark_that_the_official_script_lists() -> None:
    marks = {chr(i) for i in range(sys.maxunicode) if unicodedata.category(chr(i))[0] == "P"}
    for mark in sorted(marks | set(string.punctuation)):
        assert mlqa_tokens(f"x{mark}", "hi") == ["x"], hex(ord(mark))


# --- labels, numbers, choices -------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1))
def test_labels(pairs: list[tuple[str, str]]) -> None:
    gold, predicted = ("".join(f"{pair[side]}\n" for pair in pairs) for side in (0, 1))
    wrong = sum(1 for a, b in pairs if a != b)
    assert scored("xnli", "tsv", gold, predicted) == {
        "accuracy": pytest.approx(100 - 100 * wrong / len(pairs))
    }


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1))
def test_line_numbers(pairs: list[tuple[int, int]]) -> None:
    gold, predicted = ("".join(f"{pair[side]}\n" for pair in pairs) for side in (0, 1))
    wrong = sum(1 for a, b in pairs if a != b)
    assert scored("tatoeba", "tsv", gold, predicted) == {
        "accuracy": pytest.approx(100 - 100 * wrong / len(pairs))
    }


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1))
def test_choices(pairs: list[tuple[int, int]]) -> None:
    gold, predicted = (
        "".join(f'{{"label": {pair[side]}, "idx": 3}}\n' for pair in pairs) for side in (0, 1)
    )
    wrong = sum(abs(a - b) for a, b in pairs)
    assert scored("xcopa", "jsonl", gold, predicted) == {
        "accuracy": pytest.approx(100 - 100 * wrong / len(pairs))
    }


# --- tags ---------------------------------------------------------------------------------------

UPOS = st.sampled_from("NOUN VERB SYM SCONJ CCONJ INTJ X PUNCT".split())
SENTENCES = st.lists(st.lists(st.tuples(UPOS, UPOS), min_size=1, max_size=8), min_size=1)


def slow_pos_chunks(sentences: list[list[str]]) -> list[tuple[str, int, int, int]]:
    """Runs of one tag within a sentence; a tag that begins with S is a run of its own."""
    chunks = []
    for number, tags in enumerate(sentences):
        first = 0
        for index, tag in enumerate(tags):
            last = index + 1 == len(tags) or tags[index + 1] != tag or tag[0] == "S"
            if last:
                chunks.append((tag, number, first, index))
                first = index + 1
    return chunks


@settings(max_examples=60, deadline=None)
@given(SENTENCES)
def test_part_of_speech_tags(corpus: list[list[tuple[str, str]]]) -> None:
    sides = [[[pair[side] for pair in sentence] for sentence in corpus] for side in (0, 1)]
    gold, predicted = ("\n\n".join("\n".join(tags) for tags in side) + "\n" for side in sides)
    right, found = (Counter(slow_pos_chunks(side)) for side in sides)
    shared = (right & found).total()
    assert scored("udpos", "tsv", gold, predicted) == pytest.approx(
        {
            "f1": 200 * shared / (right.total() + found.total()),
            "precision": 100 * shared / found.total(),
            "recall": 100 * shared / right.total(),
        }
    )


# --- pairs and ranks ----------------------------------------------------------------------------

PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(PAIRS, PAIRS)
def test_mined_pairs(gold: list[tuple[int, int]], predicted: list[tuple[int, int]]) -> None:
    right = [pair for i, pair in enumerate(gold) if pair not in gold[:i]]
    found = [pair for i, pair in enumerate(predicted) if pair not in predicted[:i]]
    shared = sum(1 for pair in found if pair in right)
    expected = {
        "f1": 200 * shared / (len(found) + len(right)),
        "precision": 100 * shared / len(found),
        "recall": 100 * shared / len(right),
    }
    assert asdict(pair_scores(gold, predicted)) == pytest.approx(expected)
    texts = ("".join(f"zh-{a}\ten-{b}\n" for a, b in pairs) for pairs in (gold, predicted))
    assert scored("bucc2018", "tsv", *texts) == pytest.approx(expected)


ITEMS = st.lists(st.integers(0, 30).map("Q{}".format), max_size=25)


def slow_average_precision(gold: list[str], ranked: list[str], k: int) -> float:
    total, right = 0.0, sorted(set(gold))
    firsts = sorted(ranked.index(item) + 1 for item in right if item in ranked[:k])
    for hits, rank in enumerate(firsts, start=1):
        total += hits / rank
    return total / min(len(right), k)


@given(ITEMS.filter(bool), ITEMS, st.integers(1, 25))
def test_average_precision(gold: list[str], ranked: list[str], k: int) -> None:
    expected = slow_average_precision(gold, ranked, k)
    assert average_precision(gold, ranked, k) == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), ITEMS), min_size=1, max_size=6))
def test_entities(mentions: list[tuple[int, list[str]]]) -> None:
    ranks = [
        ranked.index(f"Q{g}") + 1 if f"Q{g}" in ranked[:20] else None for g, ranked in mentions
    ]
    expected = 100 * sum(1 / rank for rank in ranks if rank) / len(mentions)
    gold = {str(n): [f"Q{g}"] for n, (g, _) in enumerate(mentions)}
    predicted = {str(n): ranked for n, (_, ranked) in enumerate(mentions)}
    assert scored("mewslix", "json", json.dumps(gold), json.dumps(predicted)) == {
        "map@20": pytest.approx(expected)
    }


def test_known_ranks() -> None:
    # LAReQA's rule: hits / rank, over as many right ones as can be found
    assert average_precision({"a", "b"}, ["a", "x", "b"], 20) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision({"a", "b", "c"}, ["a", "b"], 2) == 1.0
    assert average_precision({"a"}, ["x", "a", "a"], 20) == 0.5
    assert mean_average_precision([["a"], ["b"]], [["a"], []], 20) == 50.0
