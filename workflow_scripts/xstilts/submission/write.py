"""Writes the workflow's predictions in the layout of a submission."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pyarrow.compute as pc
import pyarrow.parquet as pq

from xstilts.errors import UserError
from xstilts.metrics.mining import mined_pairs
from xstilts.metrics.pairs import best_threshold
from xstilts.results.score import read_predictions
from xstilts.submission.formats.examples import Examples
from xstilts.submission.layout import file_of, format_of

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from xstilts.kinds import Kind


def write_language(
    task: str,
    kind: str,
    language: str,
    predictions: Path,
    *,
    layer: int | None,
    data: Path | None,
    out: Path,
) -> list[Path]:
    """Write the labels and predictions of one task in one language.

    Args:
        task: name of the task.
        kind: kind of the task.
        language: language of the predictions.
        predictions: the workflow's Parquet file.
        layer: for kinds that compare sentence vectors, the layer that the protocol prescribes.
        data: for retrieval, the Parquet file of the data.
        out: folder below which ``labels`` and ``predictions`` are written.

    Returns:
        The two files.

    Raises:
        UserError: the predictions or the data cannot be read, or do not fit the layout.
    """
    table, _ = read_predictions(predictions, cast("Kind", kind))
    if kind == "retrieval":
        assert layer is not None and data is not None, task
        examples = _line_numbers(table, layer, data, predictions)
    elif kind == "mining":
        assert layer is not None, task
        examples = _mined(table, layer, predictions)
    else:
        if kind == "ranking":
            table = table.filter(pc.equal(table["layer"], layer))
        gold, predicted = table["gold"].to_pylist(), table["prediction"].to_pylist()
        if kind == "multiple_choice":
            gold, predicted = [str(choice) for choice in gold], [str(c) for c in predicted]
        examples = Examples(gold=gold, predictions=predicted, ids=table["id"].to_pylist())
    files = [file_of(out / part, task, language) for part in ("labels", "predictions")]
    format_of(task).write(examples, *files)
    return files


def _mined(table: pa.Table, layer: int, predictions: Path) -> Examples:
    """The gold pairs, and the mined ones above the threshold that is best on the tuning part.

    Raises:
        UserError: no tuning part: a threshold chosen on the test set is not allowed.
    """
    evaluated, tuning = mined_pairs(table, layer)
    if not tuning.gold:
        raise UserError(
            f"{predictions}: no pairs to choose the threshold on. A submission needs the "
            "development sentences as well as those of the test set."
        )
    kept = evaluated.kept(best_threshold(tuning.scores, tuning.gold))
    return Examples(gold=sorted(evaluated.gold), predictions=kept)


def _line_numbers(table: pa.Table, layer: int, data: Path, predictions: Path) -> Examples:
    """The right and the nearest candidate of each query, as line numbers of candidates from 0.

    Queries keep the order of the data, in which Tatoeba's English sentences are sorted.
    """
    sides = pq.read_table(data, columns=["id", "side"])
    ids = zip(sides["id"].to_pylist(), sides["side"].to_pylist(), strict=True)
    candidates = [example for example, side in ids if side == "candidate"]
    line_of = {example: str(number) for number, example in enumerate(candidates)}
    columns = (table[name].to_pylist() for name in ("layer", "id", "gold", "prediction"))
    gold, predicted, queries = [], [], []
    for number, query, right, nearest in zip(*columns, strict=True):
        if number != layer:
            continue
        if len(right) != 1 or right[0] not in line_of or nearest not in line_of:
            raise UserError(
                f"{predictions}: query {query!r} has the right candidates {right} and the nearest "
                f"{nearest!r}, not all in {data}, or not one right one. The layout has English "
                "queries with one foreign candidate each; it does not support another direction. "
                "If the direction is right, delete the file so that it is made again."
            )
        gold.append(line_of[right[0]])
        predicted.append(line_of[nearest])
        queries.append(query)
    return Examples(gold=gold, predictions=predicted, ids=queries)
