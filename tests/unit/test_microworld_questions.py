"""Questions with exactly one answer, or none."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from microworld_samples import CODES, sample

from xstilts.microworld import questions as qa
from xstilts.microworld.facts import bucket_of


@pytest.mark.parametrize("language", CODES)
def test_answers_are_spans_of_the_context(language: str) -> None:
    for row in sample("qa", language, "test", 150):
        (answer,) = row["answers"]
        text, start = answer["text"], answer["start"]
        assert row["context"][start : start + len(text)] == text
        assert text
        assert f" {text} " in f" {row['context']} "


@pytest.mark.parametrize("difficulty", qa.DIFFICULTIES)
def test_questions_have_exactly_one_answer(difficulty: str) -> None:
    rng = random.Random("stories")
    for _ in range(400):
        story = qa.draw_story(rng, 0, "test", qa.DIFFICULTIES[difficulty])
        question = story.question
        assert question.ask is not None
        target = story.facts[story.target]
        given = {
            slot: qa.content(question.fact, slot)
            for slot in qa.SLOTS
            if slot != question.ask and qa.content(question.fact, slot)
        }
        fitting = [
            fact
            for fact in story.facts
            if fact.verb == question.fact.verb
            and all(qa.content(fact, slot) == noun for slot, noun in given.items())
        ]
        assert fitting == [target]
        # with less information, the question would fit a distractor as well
        rivals = [
            fact
            for fact in story.facts
            if fact.verb == target.verb and qa.content(fact, question.ask) is not None
        ]
        assert len(rivals) >= {"easy": 1, "medium": 2, "hard": 4}[difficulty]
        mentions = [qa.content(fact, slot) for fact in story.facts for slot in qa.SLOTS]
        assert mentions.count(qa.content(target, question.ask)) == 1
        assert all(bucket_of(0, fact) == "test" for fact in story.facts)


def test_questions_ask_for_every_slot_at_every_position() -> None:
    found = sample("qa", "qaa", "train", 400)
    first = Counter(row["question"].split()[0] for row in found)
    assert set(first) == {"who", "what", "whom", "where", "when", "to"}
    starts = [row["answers"][0]["start"] / len(row["context"]) for row in found]
    assert min(starts) < 0.1
    assert max(starts) > 0.9


@pytest.mark.parametrize("difficulty", qa.DIFFICULTIES)
def test_one_question_in_three_has_no_answer(difficulty: str) -> None:
    found = sample("qa_unanswerable", "qaf", "train", 600, difficulty=difficulty)
    answered = [len(row["answers"]) for row in found]
    assert all(sum(answered[i : i + 3]) == 2 for i in range(0, 600, 3))
    assert {answered[i : i + 3].index(0) for i in range(0, 600, 3)} == {0, 1, 2}
    for row in found:
        for answer in row["answers"]:
            assert row["context"][answer["start"] :].startswith(answer["text"])
    # neither the number of facts nor the question's form reveals it
    for part in ("context", "question"):
        sizes = [
            [len(row[part].split()) for row in found if bool(row["answers"]) == answerable]
            for answerable in (True, False)
        ]
        assert abs(sum(sizes[0]) / len(sizes[0]) - sum(sizes[1]) / len(sizes[1])) < 1.2


def test_a_question_fits_no_fact_once_its_own_is_omitted() -> None:
    rng = random.Random("untold")
    for _ in range(200):
        story = qa.draw_story(rng, 0, "test", qa.DIFFICULTIES["hard"])
        shortened = qa.without(story, story.target)
        assert shortened.target is None
        assert qa.answers(shortened.facts, shortened.question) == []
        other = qa.without(story, (story.target + 1) % len(story.facts))
        assert qa.answers(other.facts, other.question) == [other.target]
