"""Example predictions as texts: input, gold and prediction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from xstilts.config.protocol import PROTOCOLS
from xstilts.files import is_present
from xstilts.layers import layer_at
from xstilts.manifest import checked_file
from xstilts.schema_metadata import require_undamaged

if TYPE_CHECKING:
    from xstilts.report.source import CellFiles, Source

_LONGEST = 220
_MAX_SEARCHED = 400
"""Maximum number of a language's first predictions that are searched for examples."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Example:
    """One prediction."""

    language: str
    id: str
    text: str
    """The input."""
    gold: str
    prediction: str
    right: bool


def clip(text: str) -> str:
    """A text short enough for a table."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def examples(source: Source, cell: CellFiles, language: str, count: int) -> list[Example]:
    """Some predictions of a cell in a language: wrong ones first, at least one right if any.

    Empty if the predictions or the data are missing.
    """
    data = source.root / f"data/{cell.task}/{language}/{cell.split}.parquet"
    path = source.root / f"predictions/{cell.folder}/{language}.parquet"
    if count < 1 or cell.kind not in _SHOW or not (is_present(path) and is_present(data)):
        return []
    require_undamaged(path)
    try:
        rows = _predictions(path, source.header.protocol, cell.kind)
        known = _data(data)
    except pa.ArrowInvalid:
        return []  # truncated: it is being written
    show = _SHOW[cell.kind]
    found = [Example(language, row["id"], *show(row, known)) for row in rows if row["id"] in known]
    wrong = [example for example in found if not example.right]
    right = [example for example in found if example.right]
    chosen = wrong[: count - 1] + right[:1]
    return (chosen + wrong[count - 1 :] + right[1:])[:count]


def _predictions(path: Path, protocol: str, kind: str) -> list[Row]:
    """The first predictions of a file; for retrieval, at the layer that the tables show."""
    table = pq.read_table(path, partitioning=None)
    if kind == "retrieval":
        deepest = pc.max(table["layer"]).as_py() or 1
        layer = layer_at(PROTOCOLS[protocol].depth(kind), deepest)
        table = table.filter(pc.field("layer") == layer)
    if "part" in table.column_names:
        table = table.filter(pc.field("part") == "evaluated")
    rows: list[Row] = table.slice(0, _MAX_SEARCHED).to_pylist()
    return rows


@lru_cache(maxsize=64)
def _data(path: Path) -> Mapping[str, Row]:
    """Examples of a data set by id; candidates of a query are prefixed with ``>``."""
    checked_file(path.with_suffix(".json"), path.name)
    table = pq.read_table(path, partitioning=None)
    sides = "side" in table.column_names
    # a query's candidates may be anywhere in the file
    rows = (table if sides else table.slice(0, _MAX_SEARCHED)).to_pylist()
    return {f">{row['id']}" if row.get("side") == "candidate" else row["id"]: row for row in rows}


Shown = tuple[str, str, str, bool]


def _classification(row: Row, known: Mapping[str, Row]) -> Shown:
    data = known[row["id"]]
    text = " ‖ ".join(part for part in (data["text_a"], data["text_b"]) if part)
    return clip(text), row["gold"], row["prediction"], row["gold"] == row["prediction"]


def _span(row: Row, known: Mapping[str, Row]) -> Shown:
    data = known[row["id"]]
    gold = " / ".join(dict.fromkeys(row["gold"])) or "(no answer)"
    prediction = row["prediction"] or "(no answer)"
    right = row["prediction"] in row["gold"] or not (row["gold"] or row["prediction"])
    return clip(f"{data['question']} ‖ {data['context']}"), clip(gold), clip(prediction), right


def _tagging(row: Row, known: Mapping[str, Row]) -> Shown:
    words = known[row["id"]]["tokens"]
    wrong = [at for at, tag in enumerate(row["gold"]) if tag != row["prediction"][at]]
    gold = ", ".join(f"{words[at]}: {row['gold'][at]}" for at in wrong)
    prediction = ", ".join(f"{words[at]}: {row['prediction'][at]}" for at in wrong)
    everything = f"all {len(words)} tags"
    return (
        clip(" ".join(words)),
        clip(gold or everything),
        clip(prediction or everything),
        not wrong,
    )


def _multiple_choice(row: Row, known: Mapping[str, Row]) -> Shown:
    data = known[row["id"]]
    text = " ‖ ".join(part for part in (data["context"], data["question"]) if part)
    gold, prediction = (clip(data["choices"][row[key]]) for key in ("gold", "prediction"))
    return clip(text), gold, prediction, row["gold"] == row["prediction"]


def _sentences(row: Row, known: Mapping[str, Row]) -> Shown:
    """Retrieval, mining and ranking: the query, and the texts of candidates."""
    found = row["prediction"]
    if isinstance(found, list):
        found = found[0] if found else None
    texts = [known.get(f">{name}", {}).get("text", name) for name in row["gold"]]
    answer = "(nothing)" if found is None else str(known.get(f">{found}", {}).get("text", found))
    right = found in row["gold"] if row["gold"] else found is None
    return (
        clip(known[row["id"]]["text"]),
        clip(" / ".join(texts) or "(nothing)"),
        clip(answer),
        right,
    )


_SHOW: Mapping[str, Callable[[Row, Mapping[str, Row]], Shown]] = {
    "classification": _classification,
    "span": _span,
    "tagging": _tagging,
    "multiple_choice": _multiple_choice,
    "retrieval": _sentences,
    "mining": _sentences,
    "ranking": _sentences,
}
"""Kind to a function from a prediction and the data by id to the texts shown."""
