"""Means, differences and gaps of a partial grid."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from score_files import make_cells, write_scores

from xstilts.errors import UserError
from xstilts.results.cells import Cell, collect
from xstilts.results.schema import RESULT_SCHEMA
from xstilts.results.tables import language_table, layer_table, transfer_table

if TYPE_CHECKING:
    from pathlib import Path


def transfer(cells: list[Cell], baseline: str = "none") -> dict[tuple[str, str], dict[str, Any]]:
    table = transfer_table(collect(cells), cells, baseline)
    return {(row["strategy"], row["target"]): row for row in table.to_dict("records")}


def test_a_complete_grid(tmp_path: Path) -> None:
    cells = make_cells(
        tmp_path,
        {
            ("none", "xnli", 1): {"en": 60, "sw": 40},
            ("none", "xnli", 2): {"en": 64, "sw": 44},
            ("mnli", "xnli", 1): {"en": 70, "sw": 60},
            ("mnli", "xnli", 2): {"en": 70, "sw": 56},
        },
    )
    table = transfer(cells)
    row = table["mnli", "xnli"]
    assert row["mean"] == 64
    assert row["sd"] == pytest.approx(math.sqrt(2))  # of 65 and 63, n - 1
    assert row["delta"] == pytest.approx(12)  # of 15 and 9
    assert row["delta_sd"] == pytest.approx(math.sqrt(18))
    assert (row["num_seeds"], row["expected_seeds"]) == (2, 2)
    assert (row["num_languages"], row["expected_languages"]) == (2, 2)
    assert row["complete"]
    assert row["delta_complete"]
    assert (row["metric"], row["reason"]) == ("accuracy", "")
    baseline = table["none", "xnli"]
    assert baseline["mean"] == 52
    assert math.isnan(baseline["delta"])
    assert not baseline["delta_complete"]
    assert table["mnli", "average"]["mean"] == 64
    assert table["mnli", "average"]["sd"] == pytest.approx(math.sqrt(2))
    assert table["mnli", "average"]["complete"]


def test_one_seed_has_no_deviation(tmp_path: Path) -> None:
    cells = make_cells(
        tmp_path,
        {("none", "xnli", 1): {"en": 60, "sw": 40}, ("mnli", "xnli", 1): {"en": 1, "sw": 3}},
    )
    row = transfer(cells)["mnli", "xnli"]
    assert (row["mean"], row["delta"], row["complete"]) == (2, -48, True)
    assert math.isnan(row["sd"])
    assert math.isnan(row["delta_sd"])


def test_a_missing_language_is_left_out_and_marked(tmp_path: Path) -> None:
    cells = make_cells(
        tmp_path,
        {
            ("none", "xnli", 1): {"en": 60, "sw": 40},
            ("mnli", "xnli", 1): {"en": 70},
        },
    )
    row = transfer(cells)["mnli", "xnli"]
    assert row["mean"] == 70
    # paired: over English alone, not 70 against the baseline's average of 50
    assert row["delta"] == 10
    assert not row["complete"]
    assert not row["delta_complete"]
    assert (row["num_languages"], row["expected_languages"]) == (1, 2)
    assert row["reason"] == "no sw (not run yet)"


def test_a_failed_seed_is_left_out_of_both_and_explained(tmp_path: Path) -> None:
    cells = make_cells(
        tmp_path,
        {
            ("none", "xnli", 1): {"en": 60, "sw": 40},
            ("none", "xnli", 2): {"en": 20, "sw": 20},
            ("mnli", "xnli", 1): {"en": 61, "sw": 43},
            ("mnli", "xnli", 2): "out of memory",
        },
    )
    row = transfer(cells)["mnli", "xnli"]
    assert (row["mean"], row["delta"]) == (52, 2)
    assert (row["num_seeds"], row["expected_seeds"]) == (1, 2)
    assert not row["complete"]
    assert row["reason"] == "seed 2: out of memory"


def test_a_missing_cell_is_a_row_with_its_reason(tmp_path: Path) -> None:
    cells = make_cells(
        tmp_path,
        {
            ("none", "xnli", 1): {"en": 60, "sw": 40},
            ("none", "xquad", 1): {"en": 10, "sw": 10},
            ("mnli", "xnli", 1): {"en": 70, "sw": 60},
            ("mnli", "xquad", 1): "killed",
        },
    )
    table = transfer(cells)
    row = table["mnli", "xquad"]
    assert math.isnan(row["mean"])
    assert math.isnan(row["delta"])
    assert (row["num_seeds"], row["num_languages"], row["reason"]) == (0, 0, "killed")
    average = table["mnli", "average"]
    assert (average["mean"], average["delta"]) == (65, 15)
    assert (average["num_targets"], average["expected_targets"]) == (1, 2)
    assert not average["complete"]
    assert table["none", "average"]["mean"] == 30
    assert table["none", "average"]["complete"]


def test_nothing_has_run(tmp_path: Path) -> None:
    cells = make_cells(tmp_path, {("none", "xnli", 1): None, ("mnli", "xnli", 1): None})
    table = transfer(cells)
    assert table["mnli", "xnli"]["reason"] == "not run yet"
    assert math.isnan(table["mnli", "average"]["mean"])
    assert table["mnli", "average"]["reason"] == "no target has a result"
    assert not table["mnli", "average"]["complete"]
    assert list(collect(cells).columns) == RESULT_SCHEMA.names


def test_a_failed_baseline_leaves_no_difference(tmp_path: Path) -> None:
    cells = make_cells(
        tmp_path, {("none", "xnli", 1): "killed", ("mnli", "xnli", 1): {"en": 70, "sw": 60}}
    )
    row = transfer(cells)["mnli", "xnli"]
    assert row["complete"]
    assert math.isnan(row["delta"])
    assert not row["delta_complete"]
    with pytest.raises(UserError, match=r"'nonee' is not a known strategy\. Did you mean 'none'"):
        transfer(cells, "nonee")


def test_the_average_over_targets_is_unweighted(tmp_path: Path) -> None:
    cells = make_cells(
        tmp_path,
        {
            ("none", "xnli", 1): {"en": 10, "sw": 30},
            ("none", "xnli", 2): {"en": 20, "sw": 40},
            ("none", "xquad", 1): {"en": 50, "sw": 50},
            ("none", "xquad", 2): {"en": 60, "sw": 60},
        },
    )
    average = transfer(cells)["none", "average"]
    assert average["mean"] == 40
    assert average["sd"] == pytest.approx(math.sqrt(50))  # of 35 and 45
    assert average["num_languages"] == 4


def test_languages_that_are_no_longer_expected_do_not_count(tmp_path: Path) -> None:
    cells = make_cells(tmp_path, {("none", "xnli", 1): {"en": 10, "sw": 30, "de": 90}})
    assert transfer(cells)["none", "xnli"]["mean"] == 20
    assert len(collect(cells)) == 3


def test_order_is_that_of_the_cells(tmp_path: Path) -> None:
    cells = make_cells(
        tmp_path,
        {
            (strategy, target, 1): {"sw": 1, "en": 2}
            for strategy in ("zeta", "none", "alpha")
            for target in ("xquad", "xnli")
        },
        languages=("sw", "en"),
    )
    table = transfer_table(collect(cells), cells, "none")
    assert list(dict.fromkeys(table["strategy"])) == ["zeta", "none", "alpha"]
    assert list(dict.fromkeys(table["target"])) == ["xquad", "xnli", "average"]
    languages = language_table(collect(cells), cells, "none")
    assert list(dict.fromkeys(languages["language"])) == ["sw", "en"]


def test_language_table(tmp_path: Path) -> None:
    cells = make_cells(
        tmp_path,
        {
            ("none", "xnli", 1): {"en": 60, "sw": 40},
            ("none", "xnli", 2): {"en": 62, "sw": 44},
            ("mnli", "xnli", 1): {"en": 70},
            ("mnli", "xnli", 2): {"en": 74, "sw": 50},
        },
    )
    table = language_table(collect(cells), cells, "none").set_index(["strategy", "language"])
    english, swahili = table.loc[("mnli", "en")], table.loc[("mnli", "sw")]
    assert (english["mean"], english["delta"], english["complete"]) == (72, 11, True)
    assert english["sd"] == pytest.approx(math.sqrt(8))
    assert (swahili["mean"], swahili["delta"], swahili["num_seeds"]) == (50, 6, 1)
    assert not swahili["complete"]
    assert swahili["reason"] == "seed 1: not run yet"


def test_layer_table(tmp_path: Path) -> None:
    cells = make_cells(
        tmp_path,
        {
            ("none", "tatoeba", 1): {
                "sw": 50,
                "sw@layer2": 50,
                "sw@layer12": 80,
                "en": 30,
                "en@layer2": 30,
                "en@layer12": 90,
            },
            ("mnli", "tatoeba", 1): {"sw": 51, "sw@layer2": 51},
            ("none", "xnli", 1): {"en": 1, "sw": 2},
            ("mnli", "xnli", 1): None,
        },
    )
    rows = collect(cells)
    table = layer_table(rows, cells, "none")
    columns = ["strategy", "target", "layer", "mean", "num_languages", "complete"]
    assert table[columns].to_numpy().tolist() == [
        ["none", "tatoeba", 2, 40, 2, True],
        ["none", "tatoeba", 12, 85, 2, True],
        ["mnli", "tatoeba", 2, 51, 1, False],
    ]
    assert table["delta"].to_list()[2] == 1
    # the layer sweep is not part of the headline average
    assert transfer(cells)["none", "tatoeba"]["mean"] == 40
    assert layer_table(rows.iloc[:0], cells, "none").empty


def test_two_strategies_may_share_a_chain(tmp_path: Path) -> None:
    first, second = make_cells(
        tmp_path, {("none", "xnli", 1): {"en": 1, "sw": 2}, ("again", "xnli", 1): None}
    )
    shared = Cell(
        model="tiny",
        strategy="again",
        chain="none",
        target="xnli",
        seed=1,
        metric="accuracy",
        languages=second.languages,
        scores=first.scores,
    )
    assert transfer([first, shared])["again", "xnli"]["mean"] == 1.5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"protocol": "xtreme-2020"}, "several protocol values .* recommended, xtreme-2020"),
        ({"study": "other"}, "several study values"),
        ({"seed": 7}, "has rows of seed 7 where 2 was expected"),
        ({"model": "large"}, "has rows of model 'large' where 'tiny'"),
        ({"target": "xquad"}, "has rows of target 'xquad' where 'xnli'"),
    ],
)
def test_rows_that_do_not_belong_together(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    cells = make_cells(tmp_path, {("none", "xnli", 1): {"en": 1}, ("none", "xnli", 2): {"en": 1}})
    write_scores(cells[1], {"en": 1.0}, **changes)
    with pytest.raises(UserError, match=message):
        collect(cells)


def test_a_score_file_of_another_shape(tmp_path: Path) -> None:
    (cell,) = make_cells(tmp_path, {("none", "xnli", 1): None})
    pq.write_table(pa.table({"value": [1.0]}), cell.scores)
    with pytest.raises(UserError, match=r"none-xnli-1\.parquet: not a table of result rows"):
        collect([cell])
    cell.scores.write_bytes(b"not parquet")
    with pytest.raises(UserError, match=r"none-xnli-1\.parquet: damaged or truncated"):
        collect([cell])


def test_tables_agree_with_pandas_on_random_values(tmp_path: Path) -> None:
    draw = random.Random(0)
    grid = {
        (strategy, target, seed): {
            name: draw.uniform(0, 100)
            for name in ("en", "sw")
            if name == "en" or draw.random() < 0.7
        }
        for strategy in ("none", "mnli", "squad_v1")
        for target in ("xnli", "xquad")
        for seed in (1, 2, 3)
    }
    cells = make_cells(tmp_path, grid)
    rows = collect(cells)
    expected = (
        rows.groupby(["strategy", "target", "seed"])["value"]
        .mean()
        .groupby(["strategy", "target"])
        .agg(["mean", "std"])
    )
    found = transfer_table(rows, cells, "none")
    found = found[found["target"] != "average"].set_index(["strategy", "target"]).sort_index()
    pd.testing.assert_series_equal(found["mean"], expected["mean"], check_names=False)
    pd.testing.assert_series_equal(found["sd"], expected["std"], check_names=False)
