"""The workloads: random sequences with the lengths and labels of real tasks.

Speed depends on the lengths of sequences and on the size of the vocabulary, not on the text. The
same sequences are written as a token file for xstilts and as features for Hugging Face's Trainer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xstilts.features import load
from xstilts.models.heads import HeadSpec
from xstilts.tokens.store import sequences_batch, write_tokens

if TYPE_CHECKING:
    from setup import Setup

PAD, SPECIAL = 1, 5
"""XLM-R's padding id; ids below ``SPECIAL`` are special tokens."""
LANGUAGES = "ar bg de el en es fr hi ru sw th tr ur vi zh".split()
"""The languages of XNLI."""

SET_STEPS = 200
"""Batches in a workload's training sets: enough for both sides to sort 50 of them by length."""

CLASSES = ("entailment", "neutral", "contradiction")

SEED = 1
"""Seed of the order of batches."""

Lengths = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """The training set of one task."""

    kind: str
    lengths: Lengths
    """Length of each sequence in tokens."""
    columns: dict[str, Any]
    """Columns of the token file except ``example`` and those that only predictions need."""
    labels: tuple[str, ...] = ()
    per_example: int = 1
    """Sequences per example."""

    @property
    def num_examples(self) -> int:
        """Number of examples, which may have several sequences each."""
        return len(self.lengths) // self.per_example

    def head(self, num_examples: int) -> Part:
        """Its first examples."""
        rows = num_examples * self.per_example
        columns = {name: values[:rows] for name, values in self.columns.items()}
        return replace(self, lengths=self.lengths[:rows], columns=columns)

    @property
    def spec(self) -> HeadSpec:
        """The task's head."""
        return HeadSpec(kind=self.kind, labels=self.labels)

    def write(self, path: Path, vocab_size: int, distinct_tokens: int = 0) -> Path:
        """Write a token file, followed by examples that contain every token once.

        Those replace the rest of a large training set: ``max_train_examples`` keeps them from being
        drawn, but vocabulary pruning counts their tokens.
        """
        schema = load("tokens", self.kind).SCHEMA
        unused = {name: [[0]] * len(self.lengths) for name in UNUSED if name in schema.names}
        rest = [
            list(range(i, min(i + 100, distinct_tokens)))
            for i in range(SPECIAL, distinct_tokens, 100)
        ]
        columns = {"input_ids": [*self.columns["input_ids"], *rest]}
        for name, values in {**unused, **self.columns}.items():
            blank = [[0]] if pa.types.is_list(schema.field(name).type) else [0]
            columns.setdefault(name, [*values, *(blank * len(rest))])
        columns["example"] = [i // self.per_example for i in range(len(self.lengths))]
        columns["example"] += range(self.num_examples, self.num_examples + len(rest))
        batch = sequences_batch(schema, columns, None)
        record = {"kind": self.kind, "pad_id": PAD, "num_examples": columns["example"][-1] + 1}
        record |= {"vocab_size": vocab_size, "mask_id": 4, "special_ids": list(range(SPECIAL))}
        write_tokens(path, schema, [batch], record)
        return path


UNUSED = ("word_starts",)
"""Columns that predictions need and training does not read."""


@dataclass(frozen=True)
class Workload:
    """Training sets, and the defaults of transformers' example script for them."""

    sets: Callable[[int], list[Part]]
    """Makes training sets of ``SET_STEPS`` batches in total from a number of distinct tokens."""
    batch_size: int
    """Examples per step in every implementation."""
    max_length: int
    script: str
    """The example script whose defaults ``trainer-default`` uses."""
    pad_to: int | None = None
    """Length that the script pads every sequence to; None: the longest of the batch."""


def classification(count: int, distinct_tokens: int, seed: int = 0) -> Part:
    """Sentence pairs with the lengths of NLI: median 36 tokens, 10 to 128."""
    random = np.random.default_rng(seed)
    lengths = _log_normal(random, 36, 0.45, count, 10, 128)
    columns = {
        "input_ids": _ids(random, lengths, distinct_tokens),
        "label": random.integers(0, 3, count),
    }
    return Part("classification", lengths, columns, CLASSES)


def span(count: int, distinct_tokens: int, seed: int = 0) -> Part:
    """Windows of 384 tokens, stride 128, over question and context: median 165, as in SQuAD."""
    random = np.random.default_rng(seed)
    whole = _log_normal(random, 165, 0.4, count, 60, 700)
    windows = [size for length in whole for size in _windows(int(length))]
    # a random sample keeps the share of windows from long contexts
    lengths = random.permutation(np.array(windows))[:count]
    starts = (lengths * random.uniform(0.2, 0.8, count)).astype(int)
    columns = {
        "input_ids": _ids(random, lengths, distinct_tokens),
        "start": starts,
        "end": starts + 2,
        # for predictions, as if each token were a character of the context
        "offsets_start": [list(range(n)) for n in lengths],
        "offsets_end": [list(range(1, n + 1)) for n in lengths],
    }
    return Part("span", lengths, columns)


def full_length(count: int, distinct_tokens: int) -> Part:
    """Sequences of 128 tokens without padding, which estimates of memory assume."""
    random = np.random.default_rng(0)
    lengths = np.full(count, 128)
    columns = {
        "input_ids": _ids(random, lengths, distinct_tokens),
        "label": random.integers(0, 3, count),
    }
    return Part("classification", lengths, columns, CLASSES)


def tagging(count: int, distinct_tokens: int, seed: int = 0) -> Part:
    """Sentences with 17 tags: median 30 tokens, two thirds of which begin a word."""
    random = np.random.default_rng(seed)
    lengths = _log_normal(random, 30, 0.6, count, 4, 128)
    labels = [
        np.where(random.random(n) < 0.67, random.integers(0, 17, n), -100).tolist() for n in lengths
    ]
    columns = {"input_ids": _ids(random, lengths, distinct_tokens), "labels": labels}
    return Part("tagging", lengths, columns, tuple(f"tag-{i}" for i in range(17)))


def multiple_choice(count: int, distinct_tokens: int, seed: int = 0) -> Part:
    """A context paired with each of four choices: median 90 tokens, differing by a few."""
    random = np.random.default_rng(seed)
    contexts = _log_normal(random, 78, 0.35, count, 20, 230)
    lengths = (contexts[:, None] + random.integers(4, 25, (count, 4))).ravel()
    labels = np.repeat(random.integers(0, 4, count), 4)
    columns = {"input_ids": _ids(random, lengths, distinct_tokens), "label": labels}
    return Part("multiple_choice", lengths, columns, per_example=4)


def mlm(count: int, distinct_tokens: int, seed: int = 0) -> Part:
    """Lines of text: median 40 tokens."""
    random = np.random.default_rng(seed)
    lengths = _log_normal(random, 40, 0.5, count, 6, 128)
    return Part("mlm", lengths, {"input_ids": _ids(random, lengths, distinct_tokens)})


WORKLOADS = {
    "classification": Workload(
        lambda distinct_tokens: [classification(32 * SET_STEPS, distinct_tokens)],
        32,
        128,
        "run_xnli",
        pad_to=128,
    ),
    "span": Workload(
        lambda distinct_tokens: [span(12 * SET_STEPS, distinct_tokens)],
        12,
        384,
        "run_qa",
        pad_to=384,
    ),
    "full-length": Workload(
        lambda distinct_tokens: [full_length(64 * SET_STEPS, distinct_tokens)], 64, 128, "run_xnli"
    ),
    "tagging": Workload(
        lambda distinct_tokens: [tagging(32 * SET_STEPS, distinct_tokens)], 32, 128, "run_ner"
    ),
    "multiple_choice": Workload(
        lambda distinct_tokens: [multiple_choice(8 * SET_STEPS, distinct_tokens)],
        8,
        256,
        "run_swag",
    ),
    "mlm+classification": Workload(
        lambda distinct_tokens: [
            mlm(32 * SET_STEPS // 2, distinct_tokens),
            classification(32 * SET_STEPS // 2, distinct_tokens),
        ],
        32,
        128,
        "run_mlm, then run_xnli",
    ),
}


def sequences(setup: Setup) -> Part:
    """The sequences of a workload with a single task; of those to predict, the first."""
    part = WORKLOADS[setup.workload].sets(setup.distinct_tokens)[0]
    return part.head(setup.examples) if setup.predict else part


def _windows(length: int) -> list[int]:
    """Sizes of the windows of 384 tokens, stride 128, over a text of ``length`` tokens."""
    sizes = [min(length, 384)]
    left = length - 384
    while left > 0:
        sizes.append(min(384, 384 - 128 + left))
        left -= 128
    return sizes


def _log_normal(
    random: np.random.Generator, median: int, std: float, count: int, least: int, most: int
) -> Lengths:
    draws = np.exp(random.normal(np.log(median), std, count))
    return draws.clip(least, most).astype(np.int64)


def _ids(random: np.random.Generator, lengths: Lengths, distinct_tokens: int) -> list[list[int]]:
    return [random.integers(SPECIAL, distinct_tokens, n).tolist() for n in lengths]
