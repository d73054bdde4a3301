"""Answers are projected into translated contexts, or their example is dropped and counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstilts.translation import classification, multiple_choice, span
from xstilts.translation.projection import MARKS, find, mark, unmark
from xstilts.translation.sentences import join, split
from xstilts.translation.texts import Texts

SOURCE = st.text(st.sampled_from('ab Z.?!。 \n"[(1é'), max_size=60)


@given(SOURCE)
def test_joined_sentences_are_the_text(text):
    parts = split(text)
    assert "".join(part.text + part.after for part in parts) == text
    assert all(part.text for part in parts)


@given(SOURCE, st.data())
def test_a_span_is_never_split(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    at = 0
    for part in split(text, (start, end)):
        cut = at + len(part.text)
        gap = cut + len(part.after)
        assert gap == len(text) or gap <= start or cut >= end
        at = gap


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Dr. Smith met J. R. Jones. He left.", ["Dr. Smith met J. R. Jones.", "He left."]),
        ('He said "Go." Then he left.', ['He said "Go."', "Then he left."]),
        ("It cost 3.5 dollars, i.e. little.", ["It cost 3.5 dollars, i.e. little."]),
        ("One\n\ntwo", ["One", "two"]),
        ("他来了。他走了。", ["他来了。", "他走了。"]),
    ],
)
def test_ends_of_sentences(text, sentences):
    assert [part.text for part in split(text)] == sentences


def test_sentences_are_joined_as_the_language_does():
    parts = split("He came. He left.\nShe stayed.")
    assert join(parts, ["他来了。", "他走了。", "她留下了。"]) == "他来了。他走了。\n她留下了。"
    assert join(split("他来了。他走了。"), ["He came.", "He left."]) == "He came. He left."


@given(SOURCE, st.data())
def test_marks_are_removed(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    marked = mark(text, start, end)
    if marked is None:
        assert "[" in text
        assert '"' in text
        return
    found = unmark(marked.text, marked.marks)
    answer = text[start:end].strip()
    if not answer:
        assert found is None
        return
    assert found is not None
    assert found.text[found.start : found.end] == answer
    assert found.text.replace(" ", "").replace("\n", "") == re.sub(r"[ \n]", "", text)


@pytest.mark.parametrize(
    ("translated", "expected", "answer"),
    [
        ("Im Jahr [1066] kam er.", "Im Jahr 1066 kam er.", "1066"),
        ("Im Jahr [ 1066 ] kam er.", "Im Jahr 1066 kam er.", "1066"),
        ("Im Jahr[ 1066 ]kam er.", "Im Jahr 1066 kam er.", "1066"),
        ("他于【1066】年来。", "他于1066年来。", "1066"),
        ("Er heißt „Hans Müller“.", "Er heißt Hans Müller.", "Hans Müller"),
        ("Il s'appelle « Jean ».", "Il s'appelle Jean.", "Jean"),
        ("彼は「太郎」です。", "彼は太郎です。", "太郎"),
        ("Im Jahr [1066 kam er.", None, None),
        ("Im Jahr ]1066[ kam er.", None, None),
        ("Im Jahr [] 1066 kam er.", None, None),
        ("Im [Jahr] [1066] kam er.", None, None),
        ("Im Jahr 1066 kam er.", None, None),
    ],
)
def test_marks_after_a_translation(translated, expected, answer):
    found = unmark(translated, MARKS[any(char in translated for char in "„«「")])
    if expected is None:
        assert found is None
        return
    assert found is not None
    assert found.text == expected
    assert found.text[found.start : found.end] == answer


def test_the_nearest_occurrence_and_whole_words_only():
    context = "Ann sah Anna. Später traf Anna Ann. ann"
    found = find(context, "Ann.", near=0.8)
    assert found is not None
    assert context[found.start : found.end] == "Ann"
    assert found.start == context.index("Ann.")
    assert find(context, "nna", near=0) is None
    assert find(context, "?!", near=0) is None
    assert find("ER KAM", "kam", near=0) == ("ER KAM", 3, 6)
    assert find("他于1066年来", "1066", near=0) is not None


def words(mapping: dict[str, str]) -> Callable[[Sequence[str]], list[str]]:
    """A dictionary as a translator: word by word, marks and punctuation unchanged."""

    def translate(texts: Sequence[str]) -> list[str]:
        return [re.sub(r"\w+", lambda m: mapping.get(m[0], m[0]), text) for text in texts]

    return translate


GERMAN = {"The": "Die", "cat": "Katze", "sleeps": "schläft", "Who": "Wer", "dog": "Hund",
          "barks": "bellt", "A": "Ein", "in": "in", "there": "dort"}  # fmt: skip


def question(context: str, *answers: str, identifier: str = "q") -> dict[str, Any]:
    return {
        "id": identifier,
        "context": context,
        "question": "Who sleeps?",
        "answers": [{"text": text, "start": context.index(text)} for text in answers],
    }


CONTEXT = "A dog barks. The cat sleeps in London. The dog sleeps there."


@pytest.mark.parametrize("sentences", [True, False])
def test_an_answer_is_projected_by_marks(sentences):
    texts = Texts(words(GERMAN), sentences=sentences)
    result = span.translate_rows([question(CONTEXT, "The cat", "cat", "London")], texts)
    (row,) = result.rows
    assert row["context"] == "Ein Hund bellt. Die Katze schläft in London. Die Hund schläft dort."
    assert row["question"] == "Wer schläft?"
    assert [answer["text"] for answer in row["answers"]] == ["Die Katze", "Katze", "London"]
    for answer in row["answers"]:
        assert row["context"].startswith(answer["text"], answer["start"])
    assert result.facts["projected"]["by marks"] == 1


def test_lost_marks_fall_back_to_search_and_else_the_example_is_dropped():
    def careless(texts: Sequence[str]) -> list[str]:
        found = words(GERMAN)(texts)
        # drops one mark, and translates a separate answer differently
        return ["Tier" if text == "Katze" else text.replace("]", "") for text in found]

    rows = [
        question(CONTEXT, "London", identifier="a"),
        question(CONTEXT, "cat", identifier="b"),
        question(CONTEXT, identifier="c"),
    ]
    result = span.translate_rows(rows, Texts(careless, sentences=True))
    assert [row["id"] for row in result.rows] == ["a", "c"]
    assert result.lost == {"answer not found": 1, "empty translation": 0}
    assert result.facts["projected"] == {"by marks": 0, "by translation": 1, "without answer": 1}
    first = result.rows[0]
    assert "[" not in first["context"]
    assert first["context"].startswith("London", first["answers"][0]["start"])


@given(st.lists(st.sampled_from([*GERMAN, "x", "London", "[y]", '"z"']), min_size=1, max_size=12),
       st.data())  # fmt: skip
def test_a_kept_answer_is_at_its_offset(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    context = " ".join(text[:start] + [""] * bool(start))
    row = {
        "id": "q",
        "context": " ".join(text) + ".",
        "question": "Who?",
        "answers": [{"text": " ".join(text[start:end]), "start": len(context)}],
    }
    result = span.translate_rows([row], Texts(words(GERMAN), sentences=True))
    # word by word, nothing is lost: marks are always kept, or the answer is found by search
    (new,) = result.rows
    assert new["context"] == words(GERMAN)([row["context"]])[0]
    for answer in new["answers"]:
        assert new["context"].startswith(answer["text"], answer["start"])


def test_an_empty_translation_drops_the_example():
    rows = [
        {"id": "a", "text_a": "The cat", "text_b": None, "label": "x"},
        {"id": "b", "text_a": "The cat", "text_b": "dog", "label": "y"},
        {"id": "c", "text_a": "...", "text_b": "", "label": "y"},
    ]

    def forgetful(texts: Sequence[str]) -> list[str]:
        return ["" if text == "dog" else text.upper() for text in texts]

    texts = Texts(forgetful, sentences=True)
    result = classification.translate_rows(rows, texts)
    assert result.rows == [
        {"id": "a", "text_a": "THE CAT", "text_b": None, "label": "x"},
        {"id": "c", "text_a": "...", "text_b": "", "label": "y"},
    ]
    assert result.lost == {"empty translation": 1}


def test_choices_are_translated_and_keep_their_order():
    texts = Texts(lambda found: [text.upper() for text in found], sentences=True)
    common = {"id": "a", "label": 1}
    row = {"context": "It rained.", "question": None, "choices": ["the cat", "a dog"]}
    (new,) = multiple_choice.translate_rows([common | row], texts).rows
    assert new == common | {
        "context": "IT RAINED.", "question": None, "choices": ["THE CAT", "A DOG"],
    }  # fmt: skip


def test_each_distinct_sentence_is_translated_once():
    asked: list[str] = []

    def listening(texts: Sequence[str]) -> list[str]:
        asked.extend(texts)
        return list(texts)

    texts = Texts(listening, sentences=True)
    rows = [question(CONTEXT, "London", identifier=str(i)) for i in range(5)]
    span.translate_rows(rows, texts)
    assert sorted(asked) == sorted(
        {"A dog barks.", "The cat sleeps in [London].", "The dog sleeps there.", "Who sleeps?"}
    )
    assert texts.asked > texts.distinct == 4
