"""Tokenising a data set: this project's writer against ``datasets.Dataset.map``.

    python benchmarks/tokenise.py [EXAMPLES] [ROUNDS]

Prints the seconds of alternating rounds. Both use the project's tokenizer and encoding function
and write Arrow files to be memory-mapped, so that only the reading and writing around them differ.
The token ids must be equal.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow_scripts"))

from xstilts import microworld
from xstilts.data.prepare import write_examples
from xstilts.tokens import classification
from xstilts.tokens.options import TokenOptions
from xstilts.tokens.prepare import BATCH_ROWS, prepare_tokens
from xstilts.tokens.store import TokenTable
from xstilts.tokens.tokenizer import load_tokenizer
from xstilts.tokens.unigram import train_unigram

LABELS = ("contradiction", "entailment", "neutral")


def ours(data: Path, tokenizer: Path, out: Path) -> None:
    """The workflow's writer."""
    prepare_tokens(
        data,
        out,
        kind="classification",
        labels=LABELS,
        tokenizer_dir=tokenizer,
        max_length=128,
        doc_stride=64,
    )


def mapped(data: Path, tokenizer: Path, out: Path) -> None:
    """``Dataset.map`` over Arrow batches, its fastest form."""
    loaded = load_tokenizer(tokenizer)
    options = TokenOptions(labels=LABELS, max_length=128, doc_stride=64)

    def encode(batch: pa.Table, rows: list[int]) -> pa.Table:
        (whole,) = batch.combine_chunks().to_batches()
        return pa.Table.from_batches([classification.encode(whole, loaded, options, rows[0]).batch])

    examples = datasets.Dataset(datasets.table.InMemoryTable(pq.read_table(data)))
    examples.with_format("arrow").map(
        encode,
        with_indices=True,
        batched=True,
        batch_size=BATCH_ROWS,
        remove_columns=examples.column_names,
        features=datasets.Features.from_arrow_schema(classification.SCHEMA),
        cache_file_name=str(out),
        new_fingerprint="0",
        load_from_cache_file=False,
    )


def ours_read(file: Path) -> int:
    """Open a token file and read all ids."""
    return sum(int(part.sum()) for part in TokenTable.open(file).list_column("input_ids").parts())


def mapped_read(file: Path) -> int:
    """The same through ``Dataset.from_file``."""
    column = datasets.Dataset.from_file(str(file)).data.column("input_ids")
    return sum(int(chunk.values.to_numpy().sum()) for chunk in column.chunks)


def main(examples: int, rounds: int) -> None:
    """Measure and print."""
    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        world = microworld.World(seed=1, num_languages=4)
        rows = list(microworld.rows(world, "nli", "qaa", "train", examples, difficulty="hard"))
        write_examples(rows, "classification", list(LABELS), folder / "data.parquet", "benchmark")
        texts = itertools.chain.from_iterable((row["text_a"], row["text_b"]) for row in rows)
        train_unigram(texts, 2000, folder / "tokenizer")
        seconds: dict[str, list[float]] = {"ours": [], "map": [], "open": [], "from_file": []}
        for number in range(rounds):
            found = [folder / f"ours-{number}.arrow", folder / f"map-{number}.arrow"]
            for name, write, out in zip(("ours", "map"), (ours, mapped), found, strict=True):
                start = time.perf_counter()
                write(folder / "data.parquet", folder / "tokenizer", out)
                seconds[name].append(time.perf_counter() - start)
            sums = []
            reads = (ours_read, mapped_read)
            for name, read, out in zip(("open", "from_file"), reads, found, strict=True):
                start = time.perf_counter()
                sums.append(read(out))
                seconds[name].append(time.perf_counter() - start)
            assert sums[0] == sums[1], "the token ids differ"
        for name, times in seconds.items():
            rounds_text = " ".join(f"{value:8.4f}" for value in times)
            sys.stdout.write(f"{name:10} {rounds_text}  median {np.median(times):.4f}\n")


if __name__ == "__main__":
    arguments = [int(value) for value in sys.argv[1:]]
    main(*arguments, *(20_000, 3)[len(arguments) :])
