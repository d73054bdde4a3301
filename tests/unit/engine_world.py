"""A toy world for the tests of the engine: a tokenizer, data of each kind, a recipe."""

from __future__ import annotations

import functools
import os
import random
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from xstilts.config.recipe import Recipe
from xstilts.data.schemas import SCHEMAS
from xstilts.tokens.prepare import prepare_tokens
from xstilts.tokens.unigram import train_unigram
from xstilts.training.runtime import Runtime

SHARED = Path(os.environ.get("XSTILTS_TEST_DATA", Path(__file__).parents[3] / "shared/data"))
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="real data samples not present (set XSTILTS_TEST_DATA)"
)

WORDS = (
    "the a bird cat dog house river tree sees loves eats finds red blue small old never often "
    "Vögel café Straße über läuft schön 北京 大学 学生 在 他 我们 крыша дом вода 😀 yes no good bad"
).split()
LABELS = ("bad", "good")
TAGS = ("CAPITAL", "OTHER")
ARCHITECTURE: dict[str, Any] = {
    "hidden_size": 32,
    "num_layers": 2,
    "num_heads": 2,
    "intermediate_size": 64,
    "max_length": 64,
    "dropout": 0.1,
}
_FOLDER = tempfile.TemporaryDirectory()


@functools.cache
def tokenizer_dir() -> Path:
    """A trained tokenizer of about 200 tokens."""
    folder = Path(_FOLDER.name) / "tokenizer"
    train_unigram(sentences(400, 0), 200, folder)
    return folder


def bert_dir(folder: Path) -> Path:
    """A tokenizer of BERT's shape, which knows the words a and b."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b"]
    bert = Tokenizer(models.WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    bert.add_special_tokens(words[:5])
    bert.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    bert.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    bert.save(str(folder / "tokenizer.json"))
    return folder


def sentences(count: int, seed: int, longest: int = 12) -> list[str]:
    """Random sentences of the toy world."""
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=draw.randint(2, longest))) for _ in range(count)]


def rows_of(kind: str, count: int, seed: int) -> list[dict[str, Any]]:
    """Examples that a tiny model can learn."""
    draw = random.Random(seed)
    rows: list[dict[str, Any]] = []
    described: list[str] = []
    for number, text in enumerate(sentences(count, seed)):
        words = [word for word in text.split() if word not in LABELS]
        row: dict[str, Any] = {"id": f"{kind}-{number}"}
        if kind == "classification":
            label = draw.choice(LABELS)
            words.insert(draw.randint(0, len(words)), label)
            row |= {"text_a": " ".join(words), "text_b": "yes no", "label": label}
        elif kind == "tagging":
            tags = [TAGS[word[0].islower()] for word in words]
            row |= {"tokens": words, "tags": tags}
        elif kind == "span":
            words.append("good")
            draw.shuffle(words)
            context = " ".join(words)
            answer = {"text": "good", "start": context.index("good")}
            row |= {"context": context, "question": "what is it", "answers": [answer]}
        elif kind == "retrieval":
            side = ("candidate", "query")[number % 2]
            matches = [f"retrieval-{number - 1}"] if side == "query" else []
            row |= {"side": side, "text": " ".join(words), "matches": matches}
        elif kind == "ranking":
            # of three rows the first is a candidate, and the right one of the two that follow
            side = "query" if number % 3 else "candidate"
            matches = [f"ranking-{number - number % 3}"] if number % 3 else []
            if side == "candidate":
                described = draw.sample(WORDS, 4)
            text = " ".join(described if side == "candidate" else draw.sample(described, 3))
            row |= {"side": side, "text": text, "matches": matches}
        elif kind == "multiple_choice":
            # the right choice has the word that the question names
            wanted, *others = draw.sample([*LABELS, "the"], 3)
            label = number % 3
            choices = [f"{word} {draw.choice(words or ['a'])}" for word in others]
            choices.insert(label, f"{wanted} {' '.join(words)}")
            row |= {"context": "a cat", "question": wanted, "choices": choices, "label": label}
        elif kind == "mlm":
            row |= {"text": text, "pair": text if number % 3 == 0 else None}
        rows.append(row)
    return rows


def write_data(path: Path, kind: str, rows: list[dict[str, Any]]) -> Path:
    """Examples as a data set."""
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMAS[kind]), path)
    return path


def labels_of(kind: str) -> tuple[str, ...]:
    return {"classification": LABELS, "tagging": TAGS}.get(kind, ())


def make_tokens(
    folder: Path,
    kind: str,
    count: int = 96,
    seed: int = 1,
    *,
    max_length: int = 48,
    doc_stride: int = 8,
    rows: list[dict[str, Any]] | None = None,
) -> tuple[Path, Path]:
    """Data file and token file of a kind."""
    stem = f"{kind}-{count}-{seed}"
    data = write_data(
        folder / f"{stem}.parquet", kind, rows_of(kind, count, seed) if rows is None else rows
    )
    tokens = folder / f"{stem}.arrow"
    prepare_tokens(
        data,
        tokens,
        kind=kind,
        labels=labels_of(kind),
        tokenizer_dir=tokenizer_dir(),
        max_length=max_length,
        doc_stride=doc_stride,
    )
    return data, tokens


def recipe(**changes: Any) -> Recipe:
    """A recipe for tiny models."""
    values = {"learning_rate": 3e-3, "batch_size": 16, "epochs": 1.0}
    # without validation: tests use a learning rate of 0, which a study may not have
    return Recipe().model_copy(update=values | changes)


def runtime(folder: Path, **changes: Any) -> Runtime:
    """Return the runtime settings of test stages."""
    values: dict[str, Any] = {
        "state_dir": folder / "state",
        "identity": "toy",
        "max_tokens": 4096,
        "num_threads": 1,
        "device": "cpu",
    }
    return Runtime(**(values | changes))
