"""Small folders in the layout of a submission."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from xstilts.submission.benchmarks import Benchmark

PARTS = ("labels", "predictions")


def write_part(folder: Path, part: str, files: Mapping[str, str]) -> Path:
    """Write ``TASK/test-LANGUAGE.EXTENSION`` to text."""
    for name, text in files.items():
        path = folder / part / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / part


def squad(answers: Mapping[str, list[str]]) -> str:
    """A label file, one key per line, as the official ones are written."""
    qas = [
        {"id": example, "question": "?", "answers": [{"answer_start": 0, "text": t} for t in texts]}
        for example, texts in answers.items()
    ]
    return json.dumps({"data": [{"paragraphs": [{"context": "", "qas": qas}]}]}, indent=1)


def benchmark(*tasks: str, language: str = "en") -> Benchmark:
    """One language of some tasks, and all of them as a group."""
    return Benchmark(name="small", tasks=dict.fromkeys(tasks, (language,)), groups={"small": tasks})


GOOD = {
    "xnli/test-en.tsv": ("neutral\nentailment\nneutral\n", "neutral\nneutral\nneutral\n"),
    "panx/test-en.tsv": ("B-PER\nI-PER\n\nO\nB-LOC\n", "B-PER\nI-PER\n\nO\nO\n"),
    "xquad/test-en.json": (
        squad({"q1": ["a cat", "cats"], "q2": ["dog"]}),
        '{"q1": "cat",\n "q2": "a big dog"}',
    ),
    "mlqa/test-en.json": (squad({"m1": ["The $5"]}), '{\n"m1": "5"\n}'),
    "tatoeba/test-en.tsv": ("2\n0\n1\n", "2\n2\n2\n"),
    "bucc2018/test-en.tsv": ("de-1\ten-1\nde-2\ten-2\n", "de-1\ten-1\nde-3\ten-2\n"),
    "mewslix/test-en.json": (
        '{"m": ["Q1"],\n"n": ["Q2"]}',
        '{"m": ["Q5", "Q1"],\n"n": []}',
    ),
    "xcopa/test-en.jsonl": ('{"label": 0}\n{"label": 1}\n', '{"label": 0}\n{"label": 0}\n'),
}
"""File to labels and predictions of every format, without fault."""


def write_good(folder: Path, **changes: tuple[str, str] | None) -> tuple[Path, Path]:
    """The folders of ``GOOD``, with the files of tasks changed, or left out with None."""
    files = {name: changes.get(name.partition("/")[0], texts) for name, texts in GOOD.items()}
    labels, predictions = (
        write_part(folder, part, {name: texts[side] for name, texts in files.items() if texts})
        for side, part in enumerate(PARTS)
    )
    return labels, predictions
