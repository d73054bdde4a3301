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
from xstilts.prediction.max_context import most_context
from xstilts.prediction.options import PredictOptions
from xstilts.tokens.batches import IGNORED
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


def padded_offsets(table: TokenTable) -> torch.Tensor:
    """The start offsets of all windows, padded as in a micro-batch."""
    offsets = np.full((len(table), table.longest), IGNORED)
    for i in range(len(table)):
        values = table.list_column("offsets_start").row(i)
        offsets[i, : len(values)] = values
    return torch.from_numpy(offsets)


def decode(
    tmp_path: Path, context: str, scores: dict[tuple[str, int, int], float], **options: Any
) -> tuple[str, float]:
    """The answer if the tokens have these start and end logits (others -9)."""
    answer = {"text": context.split()[0], "start": 0}
    row = {"id": "1", "context": context, "question": "what", "answers": [answer]}
    data, tokens = make_tokens(tmp_path, "span", rows=[row], max_length=24, doc_stride=6)
    table = TokenTable.open(tokens)
    width = table.longest
    logits = torch.full((len(table), width, 2), -9.0)
    for (side, window, position), score in scores.items():
        logits[window, position, int(side == "end")] = score
    predictor = span.Predictor(table, (), PredictOptions(**options))
    predictor.add(
        np.arange(len(table)),
        {"offsets_start": padded_offsets(table)},
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


def brute_force_bounds(lengths: list[int], stride: int) -> list[list[int]]:
    """Positions of each window whose token has more context in no other window, by definition."""
    windows = [(i * min(stride, lengths[0]), length) for i, length in enumerate(lengths)]
    owned: list[list[int]] = [[] for _ in windows]
    for token in range(windows[-1][0] + windows[-1][1]):
        context = {
            i: min(token - first, first + length - 1 - token) + 0.01 * length
            for i, (first, length) in enumerate(windows)
            if first <= token < first + length
        }
        # max returns the first of equal ones
        best = max(context, key=context.__getitem__)
        owned[best].append(token - windows[best][0])
    return owned


@pytest.mark.parametrize(
    ("tokens", "size", "stride"),
    [(700, 350, 128), (353, 350, 128), (100, 12, 5), (37, 10, 10), (40, 8, 30), (9, 6, 1)],
)
def test_each_token_has_most_context_in_one_window(tokens: int, size: int, stride: int) -> None:
    firsts = range(0, tokens, min(stride, size))
    count = next(i for i, first in enumerate(firsts) if first + size >= tokens) + 1
    lengths = [min(size, tokens - first) for first in firsts[:count]]
    examples = np.array([0, *[1] * count, 2], np.int32)
    found = most_context(examples, np.array([7, *lengths, 0]), stride)
    assert found[[0, -1]].tolist() == [[0, 7], [0, 0]]
    positions = [list(range(first, end)) for first, end in found[1:-1]]
    assert positions == brute_force_bounds(lengths, stride)


def test_the_middle_of_two_overlapping_windows_divides_them() -> None:
    """Tokens 0-9 and 4-13: 0-6 belong to the first (at 6 and 7, 3 and 3: 7 has 2 and 3)."""
    found = most_context(np.zeros(2, np.int32), np.array([10, 10]), 4)
    assert found.tolist() == [[0, 7], [3, 10]]


def reference_answer(
    table: TokenTable, logits: torch.Tensor, context: str, n_best: int, longest: int
) -> str:
    """The best answer by the definition in BERT's script, with plain loops."""
    starts, ends = table.list_column("offsets_start"), table.list_column("offsets_end")
    inside = [np.flatnonzero(starts.row(i) >= 0) for i in range(len(table))]
    owned = brute_force_bounds([len(part) for part in inside], stride=6)
    best: tuple[float, str] = (-np.inf, "")
    for window, positions in enumerate(inside):
        scores = logits[window, : len(starts.row(window))].double().numpy()
        first, last = (np.argsort(-scores[:, side])[:n_best] for side in (0, 1))
        for start in first:
            for end in last:
                allowed = start in positions and end in positions
                allowed = allowed and start - positions[0] in owned[window]
                if allowed and start <= end < start + longest:
                    text = context[starts.row(window)[start] : ends.row(window)[end]]
                    best = max(best, (scores[start, 0] + scores[end, 1], text))
    return best[1]


def test_starts_count_in_the_window_with_most_context_only(tmp_path: Path) -> None:
    """With noisy scores; without the rule, other answers are chosen."""
    context = " ".join(f"{word} {CONTEXT[: 3 + i]}" for i, word in enumerate(CONTEXT.split()))
    row = {"id": "1", "context": context, "question": "what", "answers": []}
    data, tokens = make_tokens(tmp_path, "span", rows=[row], max_length=24, doc_stride=6)
    table = TokenTable.open(tokens)
    assert len(table) > 5
    examples = pq.read_table(data, columns=list(span.Predictor.COLUMNS))
    tensors = {"offsets_start": padded_offsets(table)}
    generator = torch.Generator().manual_seed(5)
    others = 0
    for _ in range(30):
        logits = torch.randn((len(table), table.longest, 2), generator=generator)
        answers = []
        for stride in (6, None):
            options = PredictOptions(n_best=4, max_answer_length=5, max_context_stride=stride)
            predictor = span.Predictor(table, (), options)
            hidden = [torch.zeros(len(table), table.longest, 4)]
            predictor.add(np.arange(len(table)), tensors, hidden, FixedSpan(logits))
            answers.append(predictor.finish(examples).column("prediction")[0].as_py())
        assert answers[0] == reference_answer(table, logits, context, n_best=4, longest=5)
        others += answers[0] != answers[1]
    assert others > 5
