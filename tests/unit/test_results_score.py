"""From prediction files to result rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xstilts.errors import UserError
from xstilts.prediction.schemas import PREDICTION_SCHEMAS
from xstilts.results.remarks import remarks
from xstilts.results.schema import RESULT_SCHEMA
from xstilts.results.score import score_predictions
from xstilts.schema_metadata import with_metadata

if TYPE_CHECKING:
    from pathlib import Path

COMMON = {
    "study": "demo",
    "model": "tiny",
    "strategy": "mnli",
    "chain": "mnli",
    "target": "xnli",
    "split": "test",
    "seed": 3,
    "protocol": "recommended",
    "identity_code": "c0de",
}
METADATA = {
    "identity": "1d",
    "model": "m0",
    "data": "d0",
    "versions": {"torch": "2", "numpy": "1"},
    "seconds": 1.5,
    "device": "cpu",
}
OUT_METADATA = {"id": "5c", "identity": {"headline": "accuracy"}}
ROWS = [
    {"id": "a", "gold": "x", "prediction": "x", "probabilities": [0.9, 0.1]},
    {"id": "b", "gold": "y", "prediction": "x", "probabilities": [0.8, 0.2]},
]


def write(
    path: Path,
    rows: list[dict[str, Any]],
    kind: Any = "classification",
    metadata: dict[str, Any] | None = METADATA,
) -> Path:
    table = pa.Table.from_pylist(rows, schema=PREDICTION_SCHEMAS[kind])
    if metadata is not None:
        table = table.cast(with_metadata(table.schema, metadata))
    pq.write_table(table, path)
    return path


def test_rows_per_language_and_metric(tmp_path: Path) -> None:
    files = {
        "sw": write(tmp_path / "sw.parquet", ROWS),
        "en": write(tmp_path / "en.parquet", ROWS[:1]),
    }
    out = tmp_path / "scores" / "xnli.parquet"
    score_predictions(files, "classification", "accuracy", None, COMMON, out, OUT_METADATA)
    table = pq.read_table(out)
    assert table.schema.equals(RESULT_SCHEMA)
    swahili, english = (row for row in table.to_pylist() if row["headline"])
    assert swahili == COMMON | {
        "language": "sw",
        "metric": "accuracy",
        "value": 50.0,
        "n": 2,
        "headline": True,
        "identity_model": "m0",
        "identity_data": "d0",
        "versions": '{"numpy": "1", "torch": "2"}',
        "seconds": 1.5,
        "device": "cpu",
    }
    assert (english["language"], english["value"], english["n"]) == ("en", 100.0, 1)


def test_sentences_count_and_not_tokens(tmp_path: Path) -> None:
    rows = [{"id": "s", "gold": ["X", "Y", "X"], "prediction": ["X", "Y", "Z"]}]
    file = write(tmp_path / "p.parquet", rows, "tagging")
    score_predictions(
        {"en": file}, "tagging", "f1", None, COMMON, tmp_path / "out.parquet", OUT_METADATA
    )
    found = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert {row["n"] for row in found} == {1}
    assert [row["metric"] for row in found if row["headline"]] == ["f1"]
    assert len(found) == 4


def test_a_query_counts_once_over_all_layers(tmp_path: Path) -> None:
    rows = [
        {"id": query, "layer": layer, "gold": ["1"], "prediction": "1", "score": 0.5}
        for layer in (0, 1, 2)
        for query in ("q", "r")
    ]
    file = write(tmp_path / "p.parquet", rows, "retrieval")
    score_predictions(
        {"sw": file}, "retrieval", "accuracy", 1, COMMON, tmp_path / "out.parquet", OUT_METADATA
    )
    found = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert {row["n"] for row in found} == {2}
    assert [row["metric"] for row in found if row["headline"]] == ["accuracy"]


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in METADATA.items() if name != key}


@pytest.mark.parametrize("key", ["model", "data", "seconds", "device", "versions"])
def test_a_file_without_its_metadata_is_an_error(tmp_path: Path, key: str) -> None:
    file = write(tmp_path / "p.parquet", ROWS, metadata=without(key))
    out = tmp_path / "out.parquet"
    with pytest.raises(UserError, match=rf"p\.parquet: the metadata lack {key}"):
        score_predictions(
            {"en": file}, "classification", "accuracy", None, COMMON, out, OUT_METADATA
        )
    assert not out.exists()


def test_errors_name_the_file_and_leave_no_output(tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    doubled = write(tmp_path / "doubled.parquet", [ROWS[0], ROWS[0]])
    bare = write(tmp_path / "bare.parquet", ROWS, metadata=None)
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(doubled.read_bytes()[:-20])
    nulls = tmp_path / "nulls.parquet"
    table = pq.read_table(doubled)
    column = pa.array(["x", None])
    pq.write_table(table.set_column(2, pa.field("prediction", pa.string()), column), nulls)
    diverged = [row | {"probabilities": [float("nan"), 0.1]} for row in ROWS]
    nan = write(tmp_path / "nan.parquet", diverged)
    for file, message in [
        (nan, "nan.parquet: NaN or infinite values in the column probabilities"),
        (doubled, "doubled.parquet: id 'a' occurs twice"),
        (bare, "bare.parquet: the metadata lack model, data"),
        (cut, "cut.parquet: not a Parquet file"),
        (nulls, "nulls.parquet: not classification predictions"),
        (tmp_path / "absent.parquet", "absent.parquet: no such prediction file"),
    ]:
        with pytest.raises(UserError, match=message):
            score_predictions(
                {"en": file}, "classification", "accuracy", None, COMMON, out, OUT_METADATA
            )
    with pytest.raises(UserError, match=r"span predictions need the columns .* missing: score"):
        score_predictions({"en": doubled}, "span", "f1", None, COMMON, out, OUT_METADATA)
    good = write(tmp_path / "good.parquet", ROWS)
    with pytest.raises(UserError, match=r"'acuracy' is not a known metric .* Did you mean"):
        score_predictions(
            {"en": good}, "classification", "acuracy", None, COMMON, out, OUT_METADATA
        )
    with pytest.raises(ValueError, match="common has"):
        score_predictions(
            {"en": good}, "classification", "accuracy", None, {"study": "x"}, out, OUT_METADATA
        )
    assert not out.exists()


def test_chance_and_majority_are_rows_of_their_own(tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    file = write(tmp_path / "sw.parquet", ROWS)
    score_predictions({"sw": file}, "classification", "accuracy", None, COMMON, out, OUT_METADATA)
    found = {row["metric"]: row["value"] for row in pq.read_table(out).to_pylist()}
    # two classes, one gold label each, and the same prediction for both
    assert found == {
        "accuracy": 50.0, "chance": 50.0, "majority": 50.0, "most_frequent_prediction": 100.0,
    }  # fmt: skip
    rows = pq.read_table(out).to_pandas()
    assert remarks(rows) == [
        "Degenerate predictions (one label for every example): tiny, mnli → xnli, seed 3, "
        "language sw.",
    ]
    assert remarks(rows[rows["metric"] == "accuracy"]) == []
