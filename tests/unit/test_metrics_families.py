"""Each metric against a slow reference written from the specification, and known cases."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstilts.metrics.accuracy import accuracy
from xstilts.metrics.chunks import chunk_scores, corpus_chunks, token_accuracy
from xstilts.metrics.spans import exact_match, f1, normalise, squad_scores
from xstilts.metrics.top1 import top1_accuracy

if TYPE_CHECKING:
    from collections.abc import Sequence

# --- accuracy -----------------------------------------------------------------------------------


def test_accuracy_compares_stripped_strings() -> None:
    assert accuracy(["neutral", "0 ", "a b"], [" neutral\n", "0", "ab"]) == pytest.approx(200 / 3)


@given(st.lists(st.tuples(st.sampled_from("ab "), st.sampled_from("ab ")), min_size=1))
def test_accuracy_counts_equal_pairs(pairs: list[tuple[str, str]]) -> None:
    gold, predicted = zip(*pairs, strict=True)
    wrong = sum(1 for a, b in pairs if a != b)
    assert accuracy(gold, predicted) == pytest.approx(100 - 100 * wrong / len(pairs))


# --- answers ------------------------------------------------------------------------------------


def slow_normalise(text: str) -> str:
    """Articles found by walking over runs of word characters instead of by a pattern."""
    kept = [c for c in text.lower() if c not in string.punctuation]
    out, word = "", ""
    for char in [*kept, ""]:
        if char and (char.isalnum() or char == "_"):
            word += char
            continue
        out += (" " if word in {"a", "an", "the"} else word) + char
        word = ""
    return " ".join(out.split())


def slow_f1(gold: str, prediction: str) -> float:
    left, right = slow_normalise(gold).split(), slow_normalise(prediction).split()
    unused, shared = list(right), 0
    for token in left:
        if token in unused:
            unused.remove(token)
            shared += 1
    return 0.0 if shared == 0 else 2 * shared / (len(left) + len(right))


TEXTS = st.one_of(
    st.text(max_size=12),
    st.lists(
        st.sampled_from(
            ["a", "The", "an", "A.", "cat", "Cat!", "北京", "大学", "\u00a0", "t.he", "_"]
        ),
        max_size=6,
    ).map(" ".join),
)


@given(TEXTS)
def test_normalise_equals_a_slow_reference(text: str) -> None:
    assert normalise(text) == slow_normalise(text)


@given(TEXTS, TEXTS)
def test_answer_scores_equal_a_slow_reference(gold: str, prediction: str) -> None:
    assert f1(gold, prediction) == pytest.approx(slow_f1(gold, prediction))
    assert exact_match(gold, prediction) == (slow_normalise(gold) == slow_normalise(prediction))


@pytest.mark.parametrize(
    ("gold", "prediction", "match", "overlap"),
    [
        # a text that normalises to the empty string: F1 0 though the match is exact
        ("", "", 1.0, 0.0),
        ("the", "a", 1.0, 0.0),
        # Chinese is not segmented
        ("北京大学", "北京", 0.0, 0.0),
        # English articles and ASCII punctuation only, in every language
        ("The Cat!", "cat", 1.0, 1.0),
        ("el gato", "gato", 0.0, 2 / 3),
        ("¿gato?", "gato", 0.0, 0.0),
        # tokens are a bag, not a set
        ("b b c", "b b b", 0.0, 2 / 3),
    ],
)
def test_known_answer_cases(gold: str, prediction: str, match: float, overlap: float) -> None:
    assert exact_match(gold, prediction) == match
    assert f1(gold, prediction) == pytest.approx(overlap)


def test_the_best_gold_answer_counts_for_each_score_separately() -> None:
    # exact match takes "a" (normalises to the empty string), F1 takes "red cat"
    assert squad_scores([["a", "red cat"]], ["the"]) == (100.0, 0.0)
    assert squad_scores([["dog", "red cat"], ["x"]], ["cat", "x"]) == pytest.approx(
        (50.0, 100 * (2 / 3 + 1) / 2)
    )


# --- chunks -------------------------------------------------------------------------------------


def ends(before: str, tag: str, type_before: str, type_here: str) -> bool:
    if before in {"E", "S"}:
        return True
    if before == "B" and tag in {"B", "S", "O"}:
        return True
    if before == "I" and tag in {"B", "S", "O"}:
        return True
    return before not in {"O", "."} and type_before != type_here


def starts(before: str, tag: str, type_before: str, type_here: str) -> bool:
    if tag in {"B", "S"}:
        return True
    if before in {"E", "S", "O"} and tag in {"E", "I"}:
        return True
    return tag not in {"O", "."} and type_before != type_here


def slow_chunks(sentences: Sequence[Sequence[str]]) -> list[tuple[str, int, int]]:
    """All ends of the corpus, each with the last start before it."""
    flat = [tag for sentence in sentences for tag in [*sentence, "O"]] + ["O"]
    tags = [("O", "")] + [(tag[0], tag.split("-")[-1]) for tag in flat]
    steps = [(i, tags[i][0], tags[i + 1][0], tags[i][1], tags[i + 1][1]) for i in range(len(flat))]
    begins = [i for i, *step in steps if starts(*step)]
    return [
        (tags[i][1], max((b for b in begins if b < i), default=0), i - 1)
        for i, *step in steps
        if ends(*step)
    ]


TAGS = st.sampled_from(
    "O B-PER I-PER E-PER S-PER B-LOC I-LOC I-A-LOC NOUN VERB SYM SCONJ CCONJ INTJ X _ . -".split()
)
CORPUS = st.lists(st.lists(st.tuples(TAGS, TAGS), max_size=8), min_size=1, max_size=4)


@given(CORPUS)
def test_chunks_equal_a_slow_reference(corpus: list[list[tuple[str, str]]]) -> None:
    gold = [[pair[0] for pair in sentence] for sentence in corpus]
    predicted = [[pair[1] for pair in sentence] for sentence in corpus]
    right, found = slow_chunks(gold), slow_chunks(predicted)
    assert corpus_chunks(gold) == set(right)
    shared = len(set(right) & set(found))
    scores = chunk_scores(gold, predicted)
    assert scores.precision == pytest.approx(100 * shared / max(1, len(found)))
    assert scores.recall == pytest.approx(100 * shared / max(1, len(right)))
    assert scores.f1 == pytest.approx(200 * shared / max(1, len(right) + len(found)))


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        # lenient: a chunk may start with I
        ("O B-PER O", "O I-PER O", 100.0),
        # a run of equal part-of-speech tags is one chunk
        ("NOUN NOUN VERB", "NOUN PROPN VERB", 40.0),
        # ... but S* tags are chunks of one token each
        ("SYM SYM VERB", "SYM X VERB", 200 / 3),
        # the type is the whole tag, as in seqeval 0.0.12 and not 1.x
        ("CCONJ", "SCONJ", 0.0),
        ("NOUN CCONJ VERB", "NOUN SCONJ VERB", 200 / 3),
        # no gold chunk, no predicted chunk
        ("O O", "B-PER O", 0.0),
        ("B-PER O", "O O", 0.0),
        ("O O", "O O", 0.0),
    ],
)
def test_known_chunk_cases(gold: str, predicted: str, expected: float) -> None:
    assert chunk_scores([gold.split()], [predicted.split()]).f1 == pytest.approx(expected)


def test_a_chunk_ends_with_its_sentence() -> None:
    assert corpus_chunks([["B-PER"], ["I-PER"]]) == {("PER", 0, 0), ("PER", 2, 2)}


def test_token_accuracy_counts_tokens_not_sentences() -> None:
    assert token_accuracy([["A", "B", "C"], ["A"]], [["A", "B", "X"], ["X"]]) == 50.0


# --- retrieval ----------------------------------------------------------------------------------


def test_any_right_candidate_counts() -> None:
    assert top1_accuracy([["3"], ["1", "2"], ["7"]], ["3", "2", "1"]) == pytest.approx(200 / 3)


@given(st.lists(st.tuples(st.lists(st.sampled_from("abc")), st.sampled_from("abc")), min_size=1))
def test_top1_equals_a_slow_reference(queries: list[tuple[list[str], str]]) -> None:
    wrong = [p for g, p in queries if all(p != candidate for candidate in g)]
    gold, predicted = zip(*queries, strict=True)
    assert top1_accuracy(gold, predicted) == pytest.approx(100 - 100 * len(wrong) / len(queries))
