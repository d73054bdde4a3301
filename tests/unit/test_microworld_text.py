"""Tags, sentences to retrieve and to mine, and pretraining text."""

from __future__ import annotations

from collections import Counter

import pytest
from microworld_samples import CODES, sample

UPOS = set("NOUN PROPN VERB ADJ DET ADP ADV PRON NUM AUX CCONJ PART PUNCT".split())


@pytest.mark.parametrize("language", CODES)
def test_tags_align_and_are_consistent(language: str) -> None:
    tag_of: dict[str, set[str]] = {}
    for row in sample("pos", language, "train", 400):
        assert len(row["tokens"]) == len(row["tags"])
        for token, tag in zip(row["tokens"], row["tags"], strict=True):
            assert token
            assert " " not in token
            tag_of.setdefault(token, set()).add(tag)
    assert set.union(*tag_of.values()) <= UPOS
    assert {token: tags for token, tags in tag_of.items() if len(tags) > 1} == {}


def test_all_parts_of_speech_occur_in_mini_english() -> None:
    found = {tag for row in sample("pos", "qaa", "train", 400) for tag in row["tags"]}
    assert found == UPOS - {"PART"}


def test_a_language_that_keeps_the_position_of_question_words_has_a_particle() -> None:
    found = {tag for row in sample("pos", "qad", "train", 400) for tag in row["tags"]}
    assert found == UPOS - {"DET"}


@pytest.mark.parametrize("language", CODES[1:])
def test_retrieval_sides_match(language: str) -> None:
    found = sample("retrieval", language, "test", 300)
    candidates, queries = found[:300], found[300:]
    assert [row["id"] for row in candidates] == [str(i) for i in range(300)]
    assert [row["id"] for row in queries] == [f"q{i}" for i in range(300)]
    assert {row["side"] for row in candidates} == {"candidate"}
    assert {row["side"] for row in queries} == {"query"}
    assert len({row["text"] for row in candidates}) == len({row["text"] for row in queries}) == 300
    assert sorted(row["text"] for row in queries) == [row["text"] for row in queries]
    assert sorted(int(row["matches"][0]) for row in queries) == list(range(300))
    first = {row["matches"][0]: row for row in queries}["0"]["text"]
    source = sample("retrieval", CODES[1], "test", 300)
    assert first == {row["matches"][0]: row for row in source[300:]}["0"]["text"]


@pytest.mark.parametrize("language", CODES[1:4])
def test_half_of_the_sentences_to_mine_have_a_translation(language: str) -> None:
    found = sample("mining", language, "test", 60)
    sides: dict[str, list[dict]] = {}
    for row in found:
        sides.setdefault(row["side"], []).append(row)
    assert {side: len(part) for side, part in sides.items()} == dict.fromkeys(
        ("query", "candidate", "tuning_query", "tuning_candidate"), 120
    )
    for prefix in ("", "tuning_"):
        queries, candidates = sides[f"{prefix}query"], sides[f"{prefix}candidate"]
        known = {row["id"] for row in candidates}
        gold = [match for row in queries for match in row["matches"]]
        assert len(set(gold)) == len(gold) == 60
        assert set(gold) <= known
        for part in (queries, candidates):
            assert [row["text"] for row in part] == sorted({row["text"] for row in part})
    # the tuning set is the validation set
    tuning = [row | {"side": row["side"].removeprefix("tuning_")} for row in found[240:]]
    assert tuning == sample("mining", language, "validation", 60)


def test_sentences_to_mine_match_their_translations() -> None:
    found = {code: sample("mining", code, "validation", 30) for code in ("qab", "qac")}
    assert found["qab"][60:] == found["qac"][60:]
    gold = [{match for row in rows for match in row["matches"]} for rows in found.values()]
    assert gold[0] == gold[1]
    # a question is translated by a question
    english = {row["id"]: row["text"] for row in found["qab"][60:]}
    pairs = [(row["text"], english[row["matches"][0]]) for row in found["qab"] if row["matches"]]
    assert {ours[-1] == "?" for ours, _ in pairs} == {True, False}
    assert all((ours[-1] == "?") == (theirs[-1] == "?") for ours, theirs in pairs)


@pytest.mark.parametrize("language", ["qaa", "qaf"])
def test_mentions_follow_the_person_whose_deed_they_describe(language: str) -> None:
    rows = sample("mentions", language, "train", 60)
    described = {row["id"]: row["text"] for row in rows if row["side"] == "candidate"}
    assert len(set(described.values())) == len(described) == 40
    asked = [row["matches"][0] for row in rows if row["side"] == "query"]
    # the first of two persons twice, the other once
    assert [asked.count(f"person-{number}") for number in range(40)] == [2, 1] * 20
    known: set[str] = set()
    for row in rows:
        if row["side"] == "candidate":
            known.add(row["id"])
        else:
            assert set(row["matches"]) <= known
            name = row["text"].partition(":")[0]
            assert f"{{ {name} }}" in row["text"]
            plain = row["text"].partition(": ")[2].replace(f"{{ {name} }}", name)
            assert (plain in described[row["matches"][0]]) == (language == "qaa")
    # candidates are described in one language for all
    other = [row for row in sample("mentions", "qaf", "train", 60) if row["side"] == "candidate"]
    assert {row["id"]: row["text"] for row in other} == described


def test_answers_are_in_the_sentences_of_all_languages() -> None:
    stories = sample("answers", "qad", "test", 40)
    texts = {row["id"]: row["text"] for row in stories if row["side"] == "candidate"}
    questions = [row for row in stories if row["side"] == "query"]
    assert [len(row["matches"]) for row in questions] == [2] * 40
    assert {match for row in questions for match in row["matches"]} < set(texts)
    others = [row for row in sample("answers", "qaa", "test", 40) if row["side"] == "query"]
    for row, alone in zip(questions, others, strict=True):
        # the right sentence in mini-English is the same for both
        assert row["matches"][1:] == alone["matches"]
    assert len(set(texts.values())) == len(texts)


@pytest.mark.parametrize("language", ["qaa", "qad"])
def test_pretraining_text_has_every_word_that_tasks_use(language: str) -> None:
    known = {
        word for row in sample("text", language, "train", 4000) for word in row["text"].split()
    }
    used: Counter[str] = Counter()
    for difficulty in ("easy", "medium", "hard"):
        for row in sample("nli", language, "test", 300, difficulty=difficulty):
            used.update(f"{row['text_a']} {row['text_b']}".split())
        for row in sample("qa", language, "test", 200, difficulty=difficulty):
            used.update(f"{row['context']} {row['question']}".split())
    for row in sample("pos", language, "test", 300):
        used.update(row["tokens"])
    for row in sample("paraphrase", language, "test", 200):
        used.update(f"{row['text_a']} {row['text_b']}".split())
    for row in sample("names", language, "test", 300):
        used.update(row["tokens"])
    unknown = {word: count for word, count in used.items() if word not in known}
    # an inflected form may be rarer than that
    assert sum(unknown.values()) <= (0 if language == "qaa" else 0.002 * used.total())
