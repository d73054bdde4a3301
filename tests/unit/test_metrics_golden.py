"""The official mock files score exactly as the official scripts say."""

from __future__ import annotations

import json
import os
from pathlib import Path
from statistics import fmean

import pyarrow as pa
import pytest

from xstilts.metrics.by_kind import score
from xstilts.tasks import TASKS

SHARED = Path(os.environ.get("XSTILTS_TEST_DATA", Path(__file__).parents[3] / "shared/data"))
MOCK = SHARED / "xtreme_mock_test_data"

pytestmark = pytest.mark.skipif(
    not MOCK.is_dir(), reason="real data samples not present (set XSTILTS_TEST_DATA)"
)

# asserted by google-research/xtreme evaluate_test.py; udpos needs the rules of seqeval 0.0.12
GOLDEN = {
    "pawsx": ("classification", {"accuracy": 51.42857142857143}),
    "xnli": ("classification", {"accuracy": 30.666666666666668}),
    "panx": (
        "tagging",
        {"f1": 57.50793650793652, "precision": 54.729166666666664, "recall": 62.750000000000014},
    ),
    "udpos": (
        "tagging",
        {"f1": 70.21746048354693, "precision": 71.02232625883823, "recall": 69.54982073976082},
    ),
    "tatoeba": ("retrieval", {"accuracy": 53.611111111111114}),
    "xquad": ("span", {"exact_match": 77.27272727272727, "f1": 79.9586776859504}),
    "mlqa": ("span", {"exact_match": 57.142857142857146, "f1": 81.76870748299321}),
    "tydiqa": ("span", {"exact_match": 88.88888888888889, "f1": 97.22222222222223}),
}
NUM_LANGUAGES = {
    "pawsx": 7,
    "xnli": 15,
    "panx": 40,
    "udpos": 33,
    "tatoeba": 36,
    "xquad": 11,
    "mlqa": 7,
    "tydiqa": 9,
}


def read_lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]


def read_sentences(path: Path) -> list[list[str]]:
    blocks = path.read_text(encoding="utf-8").strip().split("\n\n")
    return [block.split() for block in blocks]


def read_table(kind: str, labels: Path, predictions: Path) -> pa.Table:
    if kind == "span":
        articles = json.loads(labels.read_text(encoding="utf-8"))["data"]
        questions = [
            qa for article in articles for part in article["paragraphs"] for qa in part["qas"]
        ]
        answers = json.loads(predictions.read_text(encoding="utf-8"))
        rows = [
            {
                "id": qa["id"],
                "gold": [answer["text"] for answer in qa["answers"]],
                "prediction": answers[qa["id"]],
            }
            for qa in questions
        ]
        return pa.Table.from_pylist(rows)
    read = read_sentences if kind == "tagging" else read_lines
    gold, predicted = read(labels), read(predictions)
    assert len(gold) == len(predicted)
    table = {"id": [str(i) for i in range(len(gold))], "gold": gold, "prediction": predicted}
    if kind == "retrieval":
        table |= {"layer": [14] * len(gold), "gold": [[line] for line in gold]}
    return pa.table(table)


@pytest.mark.parametrize("task", GOLDEN)
def test_official_averages_of_the_mock_files(task: str) -> None:
    kind, expected = GOLDEN[task]
    scores = [
        score(
            kind,
            read_table(kind, labels, MOCK / "predictions" / task / labels.name),
            14 if kind == "retrieval" else None,
            scorer=TASKS[task].scorer if task in TASKS else "",
            language=labels.stem.removeprefix("test-"),
        )
        for labels in sorted((MOCK / "labels" / task).iterdir())
    ]
    assert len(scores) == NUM_LANGUAGES[task]
    averages = {metric: fmean(values[metric] for values in scores) for metric in expected}
    assert averages == pytest.approx(expected, abs=1e-9, rel=0)
    if kind == "span":
        # the benchmark's task score: mean of the two averages
        assert fmean(values["mean_em_f1"] for values in scores) == pytest.approx(
            fmean(expected.values()), abs=1e-9
        )


@pytest.mark.parametrize(("task", "expected"), [("udpos", 74.194), ("panx", 81.100)])
def test_token_accuracy_differs_from_f1(task: str, expected: float) -> None:
    scores = [
        score("tagging", read_table("tagging", p, MOCK / "predictions" / task / p.name))
        for p in sorted((MOCK / "labels" / task).iterdir())
    ]
    assert fmean(s["token_accuracy"] for s in scores) == pytest.approx(expected, abs=5e-4)
