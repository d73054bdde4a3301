"""Paraphrases and names, which words alone do not determine."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from typing import Any

import pytest
from microworld_samples import CODES, WORLD, naive_bayes_accuracy, sample

from xstilts.microworld import entities, paraphrase
from xstilts.microworld.concepts import VERBS
from xstilts.microworld.facts import bucket_of, draw_fact
from xstilts.microworld.grammar import Clause
from xstilts.microworld.lexicon import lexicon

FUNCTION_WORDS = {"was", "by", "and"}


def _content(text: str) -> Counter[str]:
    """The words of a text, each verb by its base form, passive auxiliaries omitted."""
    base = {form: name for name, verb in VERBS.items() for form in (verb.past, verb.participle)}
    return Counter(base.get(w, w) for w in text.split() if w not in FUNCTION_WORDS)


def test_pairs_are_balanced_and_have_the_same_words() -> None:
    found = sample("paraphrase", "qaa", "train", 400)
    labels = [row["label"] for row in found]
    assert all({*labels[i : i + 2]} == {"0", "1"} for i in range(0, 400, 2))
    assert {*labels[::2]} == {"0", "1"}
    for row in found:
        assert _content(row["text_a"]) == _content(row["text_b"])
        assert row["text_a"] != row["text_b"]


def test_pairs_of_label_1_and_no_others_mean_the_same() -> None:
    rng = random.Random("pairs")
    forms: dict[str, Counter[Any]] = {"0": Counter(), "1": Counter()}
    for label in paraphrase.LABELS * 300:
        pair = paraphrase.draw_pair(rng, 0, "train", label)
        # the meaning of a sentence is a set of facts, independent of order and voice
        said, meant = ({clause.fact for clause in side} for side in pair)
        assert (said == meant) == (label == "1")
        assert all(bucket_of(0, clause.fact) == "train" for side in pair for clause in side)
        voices = [tuple(clause.passive for clause in side) for side in pair]
        forms[label][len(pair.first), voices[0] == voices[1]] += 1
    # the two labels come in the same forms
    assert set(forms["0"]) == set(forms["1"])
    assert all(abs(forms["0"][form] - forms["1"][form]) < 50 for form in forms["0"])


@pytest.mark.parametrize("part", ["text_a", "text_b", "both bags", "difference"])
def test_words_do_not_reveal_a_paraphrase(part: str) -> None:
    def text(row: dict[str, str]) -> str:
        ours, theirs = row["text_a"].split(), row["text_b"].split()
        if part == "difference":
            return " ".join(sorted({*ours} ^ {*theirs}))
        bags = [f"a:{word}" for word in ours] + [f"b:{word}" for word in theirs]
        return " ".join(bags) if part == "both bags" else row[part]

    train, test = (
        [(text(row), row["label"]) for row in sample("paraphrase", "qaa", split, n)]
        for split, n in (("train", 2000), ("test", 800))
    )
    in_order = part.startswith("text")
    assert naive_bayes_accuracy(train, test, paraphrase.LABELS, in_order) < 0.5 + 0.06


@pytest.mark.parametrize("language", CODES)
def test_names_begin_before_they_continue(language: str) -> None:
    for row in sample("names", language, "train", 300):
        assert len(row["tokens"]) == len(row["tags"])
        assert all(row["tokens"])
        for before, tag in itertools.pairwise(["O", *row["tags"]]):
            if tag.startswith("I-"):
                assert before in (f"B-{tag[2:]}", tag)


def test_the_type_of_a_name_depends_on_its_position_not_on_its_words() -> None:
    tags: dict[str, set[str]] = {}
    kinds: Counter[str] = Counter()
    for row in sample("names", "qaa", "train", 2000):
        kinds.update(tag for tag in row["tags"] if tag.startswith("B-"))
        for token, tag in zip(row["tokens"], row["tags"], strict=True):
            tags.setdefault(token, set()).add(tag)
    assert set(kinds) == {"B-PER", "B-ORG", "B-LOC"}
    assert min(kinds.values()) > 300
    assert tags["mary"] == {"B-PER", "I-PER", "B-ORG", "B-LOC"}
    assert tags["market"] == {"O", "I-ORG", "I-LOC"}
    assert tags["doctor"] == {"O"}


def test_names_read_naturally() -> None:
    words = lexicon(0, WORLD.languages[0])
    fact = draw_fact(random.Random("readable"), "social", "help")._replace(location="market")
    agent, patient = (fact.agent._replace(noun=noun, adjective=None) for noun in ("mary", "john"))
    fact = fact._replace(agent=agent, patient=patient)
    names = {
        "agent": entities.Entity("ORG", ("mary", "school")),
        "patient": entities.Entity("PER", ("john", "paul")),
        "location": entities.Entity("LOC", ("anna", "market")),
    }
    tagged = entities.tagged(words, entities.Mention(Clause(fact), names))
    assert " ".join(f"{word}/{tag}" for word, tag in tagged) == (
        "mary/B-ORG school/I-ORG helped/O john/B-PER paul/I-PER in/O anna/B-LOC market/I-LOC ./O"
    )
    del names["location"]
    tagged = entities.tagged(words, entities.Mention(Clause(fact), names))
    assert " ".join(word for word, _ in tagged).endswith("in the market .")
