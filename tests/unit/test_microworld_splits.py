"""The same meaning in every language, and disjoint facts of the splits."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from microworld_samples import CODES, sample, sentences

from xstilts.microworld.facts import bucket_of, draw_fact, embellished


@pytest.mark.parametrize("language", CODES[1:])
def test_example_i_means_the_same_in_every_language(language: str) -> None:
    english, other = (sample("pos", code, "test", 60) for code in ("qaa", language))
    content = {"NOUN", "PROPN", "VERB", "ADJ", "NUM", "ADP", "PUNCT"}
    for ours, theirs in zip(english, other, strict=True):
        assert ours["id"] == theirs["id"]
        tags = [Counter(tag for tag in row["tags"] if tag in content) for row in (ours, theirs)]
        assert tags[0] == tags[1]
    labels = [[row["label"] for row in sample("nli", c, "test", 60)] for c in ("qaa", language)]
    assert labels[0] == labels[1]
    text = [row["text"] for row in sample("text", language, "train", 30)]
    # a close relative has some identical short lines
    same = set(text) & {row["text"] for row in sample("text", "qaa", "train", 30)}
    assert len(same) <= (8 if language == "qab" else 0)


def test_parallel_text_is_the_same_line_in_both_languages() -> None:
    for row in sample("parallel", "qac", "train", 50):
        assert row["text"].count(".") == row["pair"].count(".")
        assert row["text"].count("?") == row["pair"].count("?")


def test_translations_deny_often_enough_to_learn_the_other_negation_from() -> None:
    pairs = [row["pair"].split() for row in sample("parallel", "qac", "train", 2000)]
    assert 0.08 < sum("never" in words for words in pairs) / len(pairs) < 0.18


def test_no_test_premise_or_context_is_known_from_elsewhere() -> None:
    known: set[str] = set()
    for split in ("train", "validation"):
        known |= {s for r in sample("nli", "qaa", split, 1500) for s in sentences(r["text_a"])}
        known |= {s for r in sample("qa", "qaa", split, 600) for s in sentences(r["context"])}
        known |= {s for r in sample("text", "qaa", split, 3000) for s in sentences(r["text"])}
    for row in sample("nli", "qaa", "test", 1500):
        assert row["text_a"].removesuffix(" .") not in known
    for row in sample("qa", "qaa", "test", 400):
        assert not known & set(sentences(row["context"]))
    for row in sample("retrieval", "qab", "test", 500):
        if row["side"] == "query" and "?" not in row["text"]:
            assert row["text"].removesuffix(" .") not in known


def test_every_split_has_its_own_facts() -> None:
    rng = random.Random("buckets")
    facts = [draw_fact(rng) for _ in range(4000)]
    shares = Counter(bucket_of(0, fact) for fact in facts)
    assert set(shares) == {"text", "train", "validation", "test"}
    assert min(shares.values()) > 300
    # modifiers do not move a fact to another split
    assert all(bucket_of(0, fact) == bucket_of(0, embellished(rng, fact)) for fact in facts)


@pytest.mark.parametrize("language", CODES[1:])
def test_pairs_and_names_mean_the_same_in_every_language(language: str) -> None:
    english, other = (sample("names", code, "test", 80) for code in ("qaa", language))
    for ours, theirs in zip(english, other, strict=True):
        kinds = [Counter(tag for tag in row["tags"] if tag != "O") for row in (ours, theirs)]
        assert ours["id"] == theirs["id"]
        assert kinds[0] == kinds[1]
    pairs = [[r["label"] for r in sample("paraphrase", c, "test", 80)] for c in ("qaa", language)]
    assert pairs[0] == pairs[1]


def test_no_test_pair_or_name_occurs_elsewhere() -> None:
    known: set[str] = set()
    for split in ("train", "validation"):
        for row in sample("paraphrase", "qaa", split, 600):
            known |= {*sentences(row["text_a"]), *sentences(row["text_b"])}
        known |= {s for r in sample("nli", "qaa", split, 900) for s in sentences(r["text_a"])}
        known |= {s for r in sample("text", "qaa", split, 2000) for s in sentences(r["text"])}
        known |= {" ".join(row["tokens"][:-1]) for row in sample("names", "qaa", split, 600)}
    for row in sample("paraphrase", "qaa", "test", 300):
        assert not known & {*sentences(row["text_a"]), *sentences(row["text_b"])}
    for row in sample("names", "qaa", "test", 400):
        assert " ".join(row["tokens"][:-1]) not in known
