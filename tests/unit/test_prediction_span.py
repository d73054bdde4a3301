"""Answers are slices of the original text, from the best of all windows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from engine_world import ARCHITECTURE, make_tokens, recipe, rows_of, runtime
from toy_predictions import run

from xstilts.models.heads import HeadSpec
from xstilts.prediction import span
from xstilts.prediction.options import PredictOptions
from xstilts.tokens.store import TokenTable
from xstilts.training.loop import train
from xstilts.training.sampler import TrainingSet


class FixedSpan(torch.nn.Module):
    """A head that prefers the tokens at two positions of the window."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, hidden_BTD: torch.Tensor) -> torch.Tensor:
        return self.logits[: len(hidden_BTD)]


def decode(
    tmp_path: Path, context: str, scores: dict[tuple[str, int, int], float], **options: Any
) -> tuple[str, float]:
    """The answer if the tokens have these start and end logits (others -9)."""
    answer = {"text": context.split()[0], "start": 0}
    row = {"id": "1", "context": context, "question": "what", "answers": [answer]}
    data, tokens = make_tokens(tmp_path, "span", rows=[row], max_length=24, doc_stride=6)
    table = TokenTable.open(tokens)
    width = table.longest
    offsets = np.full((len(table), width), -100)
    for i in range(len(table)):
        values = table.list_column("offsets_start").row(i)
        offsets[i, : len(values)] = values
    logits = torch.full((len(table), width, 2), -9.0)
    for (side, window, position), score in scores.items():
        logits[window, position, int(side == "end")] = score
    predictor = span.Predictor(table, (), PredictOptions(**options))
    predictor.add(
        np.arange(len(table)),
        {"offsets_start": torch.from_numpy(offsets)},
        [torch.zeros(len(table), width, 4)],
        FixedSpan(logits),
    )
    result = predictor.finish(pq.read_table(data, columns=list(predictor.COLUMNS)))
    return result.column("prediction")[0].as_py(), result.column("score")[0].as_py()


CONTEXT = (
    "北京  cafe\u0301 😀 the Straße sees क्षि dog house river tree old bird red blue small old never"
)


def positions(tmp_path: Path, word: str) -> tuple[int, int]:
    """First and last token of a word in the first window over ``CONTEXT``."""
    answer = {"text": word, "start": CONTEXT.index(word)}
    row = {"id": "1", "context": CONTEXT, "question": "what", "answers": [answer]}
    _, tokens = make_tokens(tmp_path, "span", rows=[row], max_length=24, doc_stride=6, seed=9)
    table = TokenTable.open(tokens)
    return int(table.column("start")[0]), int(table.column("end")[0])


@pytest.mark.parametrize("word", ["北京", "cafe\u0301", "😀", "Straße"])
def test_answers_are_slices_of_the_original_text(tmp_path: Path, word: str) -> None:
    first, last = positions(tmp_path, word)
    scores = {("start", 0, first): 5.0, ("end", 0, last): 4.0}
    assert decode(tmp_path, CONTEXT, scores) == (word, 9.0)


def test_the_best_window_is_chosen(tmp_path: Path) -> None:
    first, last = positions(tmp_path, "北京")
    scores = {("start", 0, first): 5.0, ("end", 0, last): 4.0}
    scores |= {("start", 1, first): 9.0, ("end", 1, first): 9.0}
    text, score = decode(tmp_path, CONTEXT, scores)
    assert score == 18.0
    assert text != "北京"
    assert text in CONTEXT


def test_question_and_special_tokens_are_no_answer(tmp_path: Path) -> None:
    first, last = positions(tmp_path, "😀")
    scores = {("start", 0, 0): 50.0, ("end", 0, 1): 50.0}
    scores |= {("start", 0, first): 5.0, ("end", 0, last): 4.0}
    assert decode(tmp_path, CONTEXT, scores)[0] == "😀"


def test_no_answer_is_predicted_above_the_threshold(tmp_path: Path) -> None:
    first, last = positions(tmp_path, "😀")
    windows = 2
    scores = {("start", 0, first): 5.0, ("end", 0, last): 4.0}
    # in every window, since the null score is the minimum over windows
    none = {(side, window, 0): 6.0 for side in ("start", "end") for window in range(windows)}
    assert decode(tmp_path, CONTEXT, scores | none) == ("😀", 9.0)
    assert decode(tmp_path, CONTEXT, scores | none, null_threshold=0.0) == ("", 12.0)
    assert decode(tmp_path, CONTEXT, scores | none, null_threshold=3.0) == ("😀", 9.0)
    some = none | {("start", windows - 1, 0): -9.0}
    assert decode(tmp_path, CONTEXT, scores | some, null_threshold=0.0) == ("😀", 9.0)


def test_unanswerable_questions_are_learned(tmp_path: Path) -> None:
    rows = rows_of("span", 500, 3)
    for row in rows[::3]:
        row["context"] = row["context"].replace("good", "bad")
        row["answers"] = []
    members = [
        TrainingSet(
            task="span", language="en", tokens=make_tokens(tmp_path, "span", rows=rows[:400])[1]
        )
    ]
    train(
        ARCHITECTURE, members, {"span": HeadSpec(kind="span")},
        recipe(epochs=6.0), seed=1, out_dir=tmp_path / "model", runtime=runtime(tmp_path),
    )  # fmt: skip
    data, tokens = make_tokens(tmp_path, "span", seed=2, rows=rows[400:])
    options = PredictOptions(null_threshold=0.0)
    found = run(tmp_path / "model", tmp_path, "span", data, tokens, options=options).to_pylist()
    right = [row["prediction"] == "".join(row["gold"]) for row in found]
    assert np.mean(right) > 0.95
    assert 20 < sum(not row["gold"] for row in found) < 80


def test_answers_run_forwards_and_are_not_too_long(tmp_path: Path) -> None:
    first, last = positions(tmp_path, "😀")
    backwards = {("start", 0, last + 1): 50.0, ("end", 0, first - 1): 50.0}
    backwards |= {("start", 0, first): 5.0, ("end", 0, last): 45.0}
    assert decode(tmp_path, CONTEXT, backwards)[0] == "😀"
    begin, _ = positions(tmp_path, "北京")
    far = {("start", 0, begin): 50.0, ("end", 0, last): 50.0, ("start", 0, first): 49.0}
    assert decode(tmp_path, CONTEXT, far)[0].startswith("北京")
    assert decode(tmp_path, CONTEXT, far, max_answer_length=1 + last - first)[0] == "😀"
