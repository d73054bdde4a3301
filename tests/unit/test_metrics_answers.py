"""The rules of MLQA and SQuAD v2.0 against slow references, and known cases."""

from __future__ import annotations

import json
import string
import sys
import unicodedata

import pyarrow as pa
import pytest
from engine_world import SHARED, needs_shared
from hypothesis import given
from hypothesis import strategies as st

from xstilts.errors import UserError
from xstilts.metrics import mlqa, spans, squad_v2

# --- MLQA ---------------------------------------------------------------------------------------

PUNCT = {
    chr(code) for code in range(sys.maxunicode) if unicodedata.category(chr(code))[0] == "P"
} | set(string.punctuation)
WORDS = {
    "en": "a an the",
    "es": "un una unos unas el la los las",
    "vi": "của là cái chiếc những",
    "de": "ein eine einen einem eines einer der die das den dem des",
}


def slow_mlqa(text: str, language: str) -> str:
    """Characters walked over one by one; articles are runs of word characters."""
    kept = [c for c in text.lower() if c not in PUNCT]
    if language in WORDS:
        out, word = "", ""
        for char in [*kept, ""]:
            if char and (char.isalnum() or char == "_"):
                word += char
                continue
            out += (" " if word in WORDS[language].split() else word) + char
            word = ""
        kept = list(out)
    if language == "ar":
        kept = list(" ".join("".join(kept).split("ال")))
    if language == "zh":
        kept = [f" {c} " if 0x4E00 <= ord(c) <= 0x9FA5 else c for c in kept]
    return " ".join("".join(kept).split())


TEXTS = st.one_of(
    st.text(max_size=12),
    st.lists(
        st.sampled_from(
            [
                "The",
                "una",
                "eine",
                "của",
                "北京",
                "1990年",
                "الكتاب",
                "ال",
                "¿Qué?",
                "«a»",
                "x$",
                "。",
            ]
        ),
        max_size=6,
    ).map(" ".join),
)


@given(TEXTS, st.sampled_from(["en", "es", "de", "ar", "hi", "vi", "zh"]))
def test_mlqa_equals_a_slow_reference(text: str, language: str) -> None:
    assert mlqa.normalise(text, language) == slow_mlqa(text, language)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("ar", "الكتاب الكبير", "كتاب كبير"),
        ("zh", "在 1990年", "在 1990 年"),
        ("de", "Die „Straße“", "straße"),
        ("es", "¿Una?", ""),
        # currency and full-width signs are symbols, not punctuation
        ("en", "$5 €5 ＋", "5 €5 ＋"),
        ("hi", "एक the", "एक the"),
    ],
)
def test_known_mlqa_texts(language: str, text: str, expected: str) -> None:
    assert mlqa.normalise(text, language) == expected


def table(rows: list[tuple[list[str], str]]) -> pa.Table:
    return pa.table(
        {
            "id": [str(i) for i in range(len(rows))],
            "gold": pa.array([gold for gold, _ in rows], pa.list_(pa.string())),
            "prediction": [text for _, text in rows],
        }
    )


def test_chinese_is_scored_by_characters() -> None:
    scores = mlqa.score(table([(["北京大学"], "北京")]), "zh")
    assert scores == pytest.approx({"exact_match": 0, "f1": 200 / 3, "mean_em_f1": 100 / 3})
    assert mlqa.score(table([(["北京大学"], "北京")]), "de")["f1"] == 0


@needs_shared
@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_gold_as_prediction_is_right(language: str) -> None:
    path = SHARED / f"mlqa/MLQA_V1/dev/dev-context-{language}-question-{language}.json"
    data = json.loads(path.read_text(encoding="utf-8"))["data"]
    answers = [
        [answer["text"] for answer in qa["answers"]]
        for article in data
        for part in article["paragraphs"]
        for qa in part["qas"]
    ]
    scores = mlqa.score(table([(gold, gold[0]) for gold in answers]), language)
    assert scores["exact_match"] == 100
    assert scores["f1"] > 99.5


# --- SQuAD v2.0 ---------------------------------------------------------------------------------


def slow_best(answers: list[str], prediction: str) -> tuple[float, float]:
    """Tokens matched one by one, with explicit cases."""
    gold = [a for a in answers if spans.normalise(a)]
    if not gold:
        right = float(spans.normalise(prediction) == "")
        return right, right
    exact, overlap = [], []
    for answer in gold:
        left, right = spans.normalise(answer).split(), spans.normalise(prediction).split()
        unused, shared = list(right), 0
        for token in left:
            if token in unused:
                unused.remove(token)
                shared += 1
        exact.append(float(left == right))
        overlap.append(2 * shared / (len(left) + len(right)))
    return max(exact), max(overlap)


ANSWERS = st.lists(st.sampled_from(["", "a", "the cat", "cat", "red cat", "Cat!"]), max_size=3)


@given(ANSWERS, st.sampled_from(["", "the", "cat", "a red", "red cat sat"]))
def test_squad_v2_equals_a_slow_reference(answers: list[str], prediction: str) -> None:
    assert squad_v2.best(answers, prediction) == pytest.approx(slow_best(answers, prediction))


def test_scores_of_questions_with_and_without_answer() -> None:
    rows = [(["red cat"], "cat"), (["dog"], ""), ([], ""), ([], "dog"), ([], "the")]
    assert squad_v2.score(table(rows), "en") == pytest.approx(
        {
            "exact_match": 40.0,
            "f1": 100 * (2 / 3 + 2) / 5,
            "mean_em_f1": (40.0 + 100 * (2 / 3 + 2) / 5) / 2,
            "has_answer_exact_match": 0.0,
            "has_answer_f1": 100 / 3,
            "no_answer_accuracy": 200 / 3,
        }
    )
    assert "no_answer_accuracy" not in squad_v2.score(table(rows[:2]), "en")
    assert "has_answer_f1" not in squad_v2.score(table(rows[2:]), "en")


def test_predictions_that_cannot_be_scored() -> None:
    with pytest.raises(UserError, match="no predictions"):
        squad_v2.score(table([]), "en")
    twice = pa.concat_tables([table([([], "")])] * 2)
    with pytest.raises(UserError, match="'0' occurs twice"):
        squad_v2.score(twice, "en")
    with pytest.raises(UserError, match="no gold answer"):
        mlqa.score(table([([], "")]), "en")
