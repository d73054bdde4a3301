"""Premises and hypotheses: balance, rules, and no artefacts to guess from."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from microworld_samples import naive_bayes_accuracy, sample

from xstilts.microworld import inference as nli
from xstilts.microworld.concepts import KIND_OF, KINDS, VERBS


@pytest.mark.parametrize("difficulty", nli.DIFFICULTIES)
def test_labels_are_exactly_balanced(difficulty: str) -> None:
    labels = [r["label"] for r in sample("nli", "qaa", "train", 300, difficulty=difficulty)]
    assert Counter(labels) == dict.fromkeys(nli.LABELS, 100)
    assert all(len(set(labels[i : i + 3])) == 3 for i in range(0, 300, 3))
    assert len({tuple(labels[i : i + 3]) for i in range(0, 300, 3)}) == 6


@pytest.mark.parametrize("side", ["text_a", "text_b"])
@pytest.mark.parametrize("difficulty", nli.DIFFICULTIES)
def test_no_label_can_be_guessed_from_one_side(difficulty: str, side: str) -> None:
    train, test = (
        [(r[side], r["label"]) for r in sample("nli", "qaa", split, n, difficulty=difficulty)]
        for split, n in (("train", 2400), ("test", 1200))
    )
    assert naive_bayes_accuracy(train, test) < 1 / 3 + 0.06


def test_a_classifier_of_both_sides_is_not_at_chance() -> None:
    """The trivial baseline above can find an existing signal."""
    train, test = (
        [
            (" ".join(sorted(set(r["text_a"].split()) ^ set(r["text_b"].split()))), r["label"])
            for r in sample("nli", "qaa", split, n, difficulty="easy")
        ]
        for split, n in (("train", 2400), ("test", 1200))
    )
    assert naive_bayes_accuracy(train, test) > 0.6


@pytest.mark.parametrize("label", nli.LABELS)
def test_every_label_has_negated_and_plain_hypotheses(label: str) -> None:
    pairs = [r for r in sample("nli", "qaa", "train", 1500) if r["label"] == label]
    negated = sum(" never " in row["text_b"] for row in pairs) / len(pairs)
    assert 0.15 < negated < 0.35


def _relation(premise: Any, denied: bool, said: Any) -> str:
    """The world's rules, written again: the relation of a premise to an affirmative hypothesis."""

    def fits(known: Any, claimed: Any) -> str:
        if claimed is None or known == claimed:
            return "entailment"
        if known is None:
            return "neutral"
        if claimed in KINDS:
            return "entailment" if KIND_OF.get(known, known) == claimed else "contradiction"
        if known in KINDS:
            return "neutral" if KIND_OF[claimed] == known else "contradiction"
        return "contradiction"

    if premise.verb != said.verb:
        return "contradiction" if VERBS[said.verb].opposite == premise.verb else "neutral"
    found = [fits(getattr(premise, slot), getattr(said, slot)) for slot in ("location", "time")]
    for slot in ("agent", "patient", "recipient"):
        ours, theirs = getattr(premise, slot), getattr(said, slot)
        if theirs is not None:
            found.append(fits(ours.noun, theirs.noun))
            found.append(fits(ours.adjective, theirs.adjective))
    for verdict in ("contradiction", "neutral"):
        if verdict in found:
            assert not (denied and verdict == "contradiction")
            return verdict
    return "contradiction" if denied else "entailment"


@pytest.mark.parametrize("difficulty", nli.DIFFICULTIES)
def test_labels_follow_from_the_rules(difficulty: str) -> None:
    rng = random.Random("rules")
    for label in nli.LABELS * 300:
        premise, hypothesis = nli.draw_pair(rng, 0, "train", label, nli.DIFFICULTIES[difficulty])
        verdicts = {_relation(c.fact, c.negated, hypothesis.fact) for c in premise}
        if len(premise) == 2:
            # the second event says nothing about the hypothesis
            verdicts = verdicts - {"neutral"} or {"neutral"}
        (verdict,) = verdicts
        flipped = {"entailment": "contradiction", "contradiction": "entailment"}
        assert label == (flipped.get(verdict, verdict) if hypothesis.negated else verdict)
