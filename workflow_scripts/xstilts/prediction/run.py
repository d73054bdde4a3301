"""Predictions of one model in all languages of a task, each written as soon as it is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from xstilts.device import device_name, device_of
from xstilts.errors import UserError
from xstilts.files import atomic_path
from xstilts.kinds import EMBEDDING_KINDS
from xstilts.malloc import keep_freed_memory
from xstilts.models.encoder import check_fit, hidden_states, load_encoder
from xstilts.models.heads import load_head, read_index
from xstilts.models.precision import autocast
from xstilts.prediction.base import BasePredictor, predictor_of
from xstilts.progress import Progress, seconds_left
from xstilts.schema_metadata import with_metadata
from xstilts.tokens.batches import collate, micro_batches, model_inputs, read_sequences
from xstilts.tokens.store import TokenTable
from xstilts.versions import versions

if TYPE_CHECKING:
    from xstilts.models.precision import Precision
    from xstilts.prediction.options import PredictOptions

CPU_TOKENS = 2048
"""Maximum tokens of a micro-batch on a CPU. More are no faster there: they need more memory than
its caches hold, and short sequences next to a long one get more padding."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One language to predict."""

    language: str
    tokens: Path
    """Token file of the data."""
    data: Path
    """Parquet file of the data, for ids and gold."""
    out: Path
    """Parquet file of the predictions."""
    metadata: dict[str, Any] = field(default_factory=dict)
    """Added to the file's metadata, next to seconds, device and versions."""


def predict(
    model_dir: Path,
    *,
    task: str,
    kind: str,
    labels: Sequence[str],
    items: Sequence[Item],
    options: PredictOptions,
    max_tokens: int,
    num_threads: int,
    on_language: Callable[[str, float], None] | None = None,
    report: Callable[[Progress], None] | None = None,
    device: str = "auto",
) -> None:
    """Predict each language into its own file; an interrupted job loses at most one language.

    Args:
        model_dir: folder with the encoder and, for kinds that need one, its heads.
        task: name of the task; its head unless ``options.head`` names another.
        kind: kind of the task, other than mlm.
        labels: label names of the task.
        items: the languages.
        options: settings of prediction.
        max_tokens: maximum tokens per micro-batch, padding included; on a CPU at most
            ``CPU_TOKENS``.
        num_threads: number of torch threads on a CPU.
        on_language: called with each finished language and its seconds.
        report: called with the progress over all languages after each micro-batch.
        device: ``auto`` selects the GPU if there is one.

    Raises:
        UserError: the head does not fit the task, or the tokens do not fit the model.
    """
    torch.set_num_threads(num_threads)
    keep_freed_memory()
    target = device_of(device)
    encoder = load_encoder(model_dir, as_trained=True).to(target).eval()
    head, head_labels = _load_head(model_dir, encoder, task, kind, labels, options.head)
    previous: BasePredictor | None = None
    progress = _SequenceProgress(items, report) if report else None
    for item in items:
        started = time.monotonic()
        table = _check_tokens(item, kind, encoder)
        predictor = predictor_of(kind)(table, head_labels, options)
        known = predictor.take_over(previous) if previous else None
        if progress and known is not None:
            progress.skip(int(known.sum()))
        previous = predictor
        result = predict_table(
            predictor,
            encoder,
            head,
            table,
            pq.read_table(item.data, columns=list(predictor.COLUMNS)),
            max_tokens=max_tokens,
            device=target,
            known=known,
            on_micro_batch=progress,
            precision=options.precision,
        )
        seconds = time.monotonic() - started
        _write(item, result, encoder.config.num_hidden_layers, seconds, target)
        if on_language:
            on_language(item.language, seconds)


def predict_table(
    predictor: BasePredictor,
    encoder: Any,
    head: torch.nn.Module | None,
    table: TokenTable,
    data: pa.Table,
    *,
    max_tokens: int,
    device: torch.device,
    known: npt.NDArray[np.bool_] | None = None,
    on_micro_batch: Callable[[npt.NDArray[Any]], None] | None = None,
    precision: Precision = "fp32",
) -> pa.Table:
    """Predictions of one token file by a model in memory, in the schema of the kind.

    Args:
        predictor: a new predictor of this file.
        encoder: in evaluation mode, on the device.
        head: in evaluation mode, on the device; None for kinds without a head.
        table: the tokens.
        data: the examples, with the predictor's ``COLUMNS``.
        max_tokens: maximum tokens per micro-batch, padding included; on a CPU at most
            ``CPU_TOKENS``.
        device: the model's device.
        known: mask of sequences whose results the predictor already has; they are skipped.
        on_micro_batch: called with the sequence lengths of each micro-batch.
        precision: precision of the encoder.
    """
    # longest first: running out of memory shows at once
    order = np.argsort(-table.lengths, kind="stable")
    if known is not None:
        order = order[~known[order]]
    if device.type == "cpu":
        max_tokens = min(max_tokens, CPU_TOKENS)
    for part in micro_batches(table.lengths[order].tolist(), max_tokens):
        rows = order[part]
        sequences = read_sequences([table], [(0, int(row)) for row in rows], lists=predictor.LISTS)
        tensors = collate(sequences, slice(None), device)
        with torch.inference_mode():
            with autocast(device, precision):
                inputs = model_inputs(tensors)
                hidden = hidden_states(encoder, inputs, every_layer=predictor.EVERY_LAYER)
            predictor.add(rows, tensors, tuple(states.float() for states in hidden), head)
        if on_micro_batch:
            on_micro_batch(table.lengths[rows])
    result: pa.Table = predictor.finish(data.slice(0, table.metadata["num_examples"]))
    return result


class _SequenceProgress:
    """Progress of a job in sequences, over all its languages."""

    def __init__(self, items: Sequence[Item], report: Callable[[Progress], None]) -> None:
        self._report, self._started = report, time.monotonic()
        self._total = sum(len(TokenTable.open(item.tokens).lengths) for item in items)
        self._done = self._tokens = 0

    def skip(self, count: int) -> None:
        """Leave out sequences whose results come from another language."""
        self._total -= count

    def __call__(self, lengths: npt.NDArray[Any]) -> None:
        """Count the sequences of a micro-batch and report."""
        self._done, self._tokens = self._done + len(lengths), self._tokens + int(lengths.sum())
        elapsed = max(time.monotonic() - self._started, 1e-9)
        speed = f"{self._tokens / elapsed:,.0f} tokens/s"
        left = seconds_left(self._done, self._total, elapsed)
        self._report(Progress(self._done, self._total, "sequence", speed, left))


def _load_head(
    model_dir: Path,
    encoder: Any,
    task: str,
    kind: str,
    labels: Sequence[str],
    name: str | None,
) -> tuple[torch.nn.Module | None, tuple[str, ...]]:
    """Load the head next to the encoder, with labels in class order; None if the kind needs none.

    Raises:
        UserError: it is missing, is of another kind, or shares no label with the task.
    """
    if not name and kind in EMBEDDING_KINDS:
        return None, tuple(labels)
    name = name or task
    known = read_index(model_dir)
    spec = known.get(name)
    if spec is None:
        raise UserError(
            f"{model_dir}: no head {name!r} to predict {task}. Heads: "
            f"{', '.join(sorted(known)) or '(none)'}. Train on the task, or name another head."
        )
    if spec.kind != kind:
        raise UserError(f"{model_dir}: head {name!r} is for {spec.kind}, {task} is {kind}.")
    if labels and not set(labels) & set(spec.labels):
        raise UserError(
            f"{model_dir}: head {name!r} predicts {', '.join(spec.labels)}, but the labels of "
            f"{task} are {', '.join(labels)}. Train on a task with the same labels."
        )
    device = next(encoder.parameters()).device
    return load_head(model_dir, name, encoder.config).to(device).eval(), spec.labels


def _check_tokens(item: Item, kind: str, encoder: Any) -> TokenTable:
    """Open the tokens of a language and check that they fit kind and model."""
    table = TokenTable.open(item.tokens)
    if table.metadata["kind"] != kind:
        raise UserError(f"{item.tokens}: tokens for {table.metadata['kind']}, not {kind}.")
    check_fit(encoder, item.tokens, table.longest, table.metadata["vocab_size"])
    return table


def _write(
    item: Item, result: pa.Table, num_layers: int, seconds: float, device: torch.device
) -> None:
    """Write a language's predictions atomically, with what is needed to interpret them."""
    metadata = {
        **item.metadata,
        "language": item.language,
        "num_layers": num_layers,
        "seconds": round(seconds, 3),
        "device": device_name(device),
        "versions": versions(),
    }
    result = result.cast(with_metadata(result.schema, metadata))
    with atomic_path(item.out) as temporary:
        pq.write_table(result, temporary, compression="zstd")
