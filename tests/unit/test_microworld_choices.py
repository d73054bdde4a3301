"""Choices, one of which follows from the rule of the world."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter

import pytest
from microworld_samples import CODES, sample

from xstilts.microworld import causes
from xstilts.microworld.facts import bucket_of

CHOICES = {"continuation": causes.NUM_ENDINGS, "cause_effect": causes.NUM_ALTERNATIVES}


def _choice_accuracy(view: str, train: list[dict], test: list[dict]) -> float:
    """Accuracy of naive Bayes at separating right from wrong choices by a view of each example.

    A view names what it sees of an example besides its choices: ``context``, ``question``, both or
    neither. Of what it sees, it knows each word together with each word of the choice.
    """

    def features(row: dict, number: int) -> set[str]:
        own = set(row["choices"][number].split())
        texts = [set(row[field].split()) for field in ("context", "question") if field in view]
        if not texts:
            others = row["choices"][:number] + row["choices"][number + 1 :]
            return own | {f"{w} {other}" for w in own for other in " ".join(others).split()}
        found = {" ".join(parts) for parts in itertools.product(own, *texts)}
        return found | {f"{len(own & words)} shared" for words in texts}

    counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for row in train:
        for number in range(len(row["choices"])):
            counts[number == row["label"]].update(features(row, number))
    # rare features are noise
    weights = {
        feature: math.log((counts[True][feature] + 0.5) / (counts[False][feature] + 0.5))
        for feature, count in (counts[True] + counts[False]).items()
        if count > 10
    }

    def score(row: dict, number: int) -> float:
        return sum(weights.get(feature, 0.0) for feature in features(row, number))

    right = sum(
        max(range(len(row["choices"])), key=lambda number: score(row, number)) == row["label"]
        for row in test
    )
    return right / len(test)


def _choice_samples(generator: str, difficulty: str) -> tuple[list[dict], list[dict]]:
    train = sample(generator, "qaa", "train", 2000, difficulty=difficulty)
    return train, sample(generator, "qaa", "test", 1000, difficulty=difficulty)


@pytest.mark.parametrize("difficulty", causes.DIFFICULTIES)
@pytest.mark.parametrize("generator", CHOICES)
def test_the_right_choice_cannot_be_guessed_from_the_choices(
    generator: str, difficulty: str
) -> None:
    train, test = _choice_samples(generator, difficulty)
    assert _choice_accuracy("choices", train, test) < 1 / CHOICES[generator] + 0.05


@pytest.mark.parametrize("view", ["choices and context", "choices and question"])
def test_the_hard_dilemmas_need_premise_and_question(view: str) -> None:
    train, test = _choice_samples("cause_effect", "hard")
    assert _choice_accuracy(view, train, test) < 0.55
    assert _choice_accuracy("choices, context and question", train, test) > 0.75


def test_the_reference_classifier_finds_an_existing_signal() -> None:
    for generator, floor in (("continuation", 0.7), ("cause_effect", 0.9)):
        train, test = _choice_samples(generator, "easy")
        assert _choice_accuracy("choices and context", train, test) > floor


@pytest.mark.parametrize("generator", CHOICES)
def test_each_position_among_the_choices_is_right_equally_often(generator: str) -> None:
    num_choices = CHOICES[generator]
    found = sample(generator, "qaa", "train", 120)
    labels = [row["label"] for row in found]
    for start in range(0, 120, num_choices):
        assert sorted(labels[start : start + num_choices]) == list(range(num_choices))
    assert len({tuple(labels[i : i + num_choices]) for i in range(0, 120, num_choices)}) > 1
    for row in found:
        assert len(set(row["choices"])) == len(row["choices"]) == num_choices
        assert row["context"].removesuffix(" .") not in row["choices"]


@pytest.mark.parametrize("difficulty", causes.DIFFICULTIES)
def test_the_right_choice_follows_from_the_rule_of_the_world(difficulty: str) -> None:
    rng = random.Random("law")
    plan = causes.DIFFICULTIES[difficulty]
    following = {
        act: cycle[(index + 1) % 4]
        for cycle in causes.CYCLE_OF.values()
        for index, act in enumerate(cycle)
    }
    assert all(len(set(cycle)) == 4 for cycle in causes.CYCLE_OF.values())
    assert Counter(following.values()) == Counter(following.keys())
    for _ in range(300):
        label = int(rng.random() * 4)
        tale = causes.draw_tale(rng, 0, "test", label, plan)
        last = tale.events[-1]
        assert bucket_of(0, last) == "test"
        fitting = [
            number
            for number, ending in enumerate(tale.endings)
            if ending.verb == following[last.verb]
            and ending.agent.noun == last.agent.noun
            and (ending.patient is None or ending.patient.noun == last.patient.noun)
        ]
        assert fitting == [label]
        dilemma = causes.draw_dilemma(rng, 0, "test", label % 2, plan)
        act, verbs = dilemma.premise.verb, [choice.verb for choice in dilemma.choices]
        assert bucket_of(0, dilemma.premise) == "test"
        if dilemma.asks_for == "effect":
            right = [number for number, verb in enumerate(verbs) if following[act] == verb]
        else:
            right = [number for number, verb in enumerate(verbs) if following[verb] == act]
        assert right == [label % 2]


@pytest.mark.parametrize("language", CODES[1:])
@pytest.mark.parametrize("generator", CHOICES)
def test_choices_are_parallel(generator: str, language: str) -> None:
    ours, theirs = (sample(generator, code, "test", 20) for code in ("qaa", language))
    for one, other in zip(ours, theirs, strict=True):
        for key in ("id", "question", "label"):
            assert one[key] == other[key]
        assert len(one["choices"]) == len(other["choices"])
    # a close relative has some identical sentences
    same = sum(one["context"] == other["context"] for one, other in zip(ours, theirs, strict=True))
    assert same <= (len(ours) / 2 if language == "qab" else 0)
