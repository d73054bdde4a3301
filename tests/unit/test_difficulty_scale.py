"""Difficulty from scores on dev sets, and gains by model size."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file
from test_config import STUDY, error_of, grid_of
from test_contrasts import HEADER, study_scores

from xstilts.comparisons.effects import effect_table
from xstilts.comparisons.measured import NO_SELECTION, Measured, measured_tasks
from xstilts.comparisons.tables.difficulty import difficulty_summary, difficulty_table
from xstilts.comparisons.tables.scale import num_parameters, scale_summary, scale_table
from xstilts.manifest import write_manifest
from xstilts.results.render import summary_markdown

__all__ = ["error_of"]


def measured(strategy: str, *dev: float, frequent: float = 50.0) -> Measured:
    return Measured(
        model="xlmr",
        strategy=strategy,
        task=strategy,
        language="en",
        metric="accuracy",
        num_train=1000,
        num_dev=100,
        frequent=frequent,
        dev=dev,
        loss=(0.5,) * len(dev),
        maps=((0.6, 0.1), (0.8, 0.2))[: len(dev)],
    )


def test_the_hardest_task_is_closest_to_the_most_frequent_answer() -> None:
    # 60 is hard above a most frequent answer of 50, less so above 20
    tasks = [measured("a", 60.0, 62.0), measured("b", 60.0, 62.0, frequent=20.0), measured("c")]
    table = difficulty_table(tasks, effect_table(study_scores()))
    assert list(table["strategy"]) == ["b", "a", "c"]
    rows = table.set_index("strategy")
    assert rows.loc["a", "difficulty"] == pytest.approx(100 * 39 / 50)
    assert rows.loc["a", "dev_sd"] == pytest.approx(math.sqrt(2))
    effects = effect_table(study_scores()).set_index(["strategy", "target"])
    assert rows.loc["a", "confidence"] == pytest.approx(70)
    assert math.isnan(rows.loc["c", "variability"])
    assert rows.loc["a", "gain"] == effects.loc[("a", "average"), "delta"]
    assert math.isnan(rows.loc["c", "difficulty"])
    text = summary_markdown(difficulty_summary(table, HEADER), HEADER)
    assert "61.0 ±1.4" in text
    assert "2 tasks have both numbers: too few" in text


def test_the_correlation_of_difficulty_and_gain() -> None:
    names = "abcde"
    tasks = [measured(name, 90.0 - 5 * at) for at, name in enumerate(names)]
    effects = pd.DataFrame(
        {
            "model": "xlmr",
            "strategy": list(names),
            "target": "average",
            "delta": [1.0, 2.0, 3.0, 4.0, 6.0],
            "low": 0.0,
            "high": 9.0,
        }
    )
    text = summary_markdown(difficulty_summary(difficulty_table(tasks, effects), HEADER), HEADER)
    assert "over 5 tasks: Spearman's rho +1.00" in text


def test_dev_scores_are_those_of_the_finished_stages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    grid = grid_of(tmp_path, STUDY.replace("  both: [squad_v1, mnli]\n", "  qa: [squad_v1]\n"))
    folder = Path(grid.paths.intermediate("mini", 1, ("mnli",)))
    folder.parent.mkdir(parents=True)
    write_manifest(folder, {}, files={}, facts={"dev_score": 71.5, "final_loss": 0.7})
    data_map = {"epochs": [1, 2, 3], "confidence": [0.9, 0.5, 0.4], "variability": [0.0, 0.2, 0.1]}
    pq.write_table(pa.table(data_map), folder.parent / "data_map.parquet")
    found = {one.strategy: one for one in measured_tasks(grid)}
    assert set(found) == {"mnli", "qa"}
    assert (found["mnli"].dev, found["mnli"].loss) == ((71.5,), (0.7,))
    assert found["mnli"].maps == (pytest.approx((0.6, 0.15)),)
    assert (found["qa"].dev, found["qa"].maps) == ((), ())
    last = grid_of(tmp_path, STUDY + "recipes: {all: {selection: last}}\n")
    assert {one.remark for one in measured_tasks(last)} == {NO_SELECTION}
    # without a dev set there is no most frequent answer: unknown, not 0
    assert all(math.isnan(one.frequent) for one in measured_tasks(last))


def test_weights_are_counted_from_the_files(tmp_path: Path) -> None:
    assert num_parameters(tmp_path) is None
    for name, shape in {"model": (3, 4), "heads": (9,)}.items():
        save_file({"a": np.zeros(shape), "b": np.zeros(5)}, tmp_path / f"{name}.safetensors")
    assert num_parameters(tmp_path) == 17


def test_gains_by_size() -> None:
    effects = effect_table(study_scores())
    larger = effects.assign(model="xlmr-large")
    both = pd.concat([larger, effects.assign(model="xlmr-base")])
    table = scale_table(both, {"xlmr-base": 278_000_000, "xlmr-large": 560_000_000})
    assert list(dict.fromkeys(table["model"])) == ["xlmr-base", "xlmr-large"]
    assert set(table["family"]) == {"xlmr"}
    assert set(table["strategy"]) == {"a", "b"}
    text = summary_markdown(scale_summary(table, HEADER), HEADER)
    assert "| xlmr-base  | xlmr     | 278 M" in text
    assert "## average without retrieval" in text
    assert scale_table(both, {}).empty
