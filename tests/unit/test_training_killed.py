"""A stage that is killed at any point, any number of times, ends in the same bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from engine_world import make_tokens
from kill_world import FINISHED, KINDS, POINTS

HERE = Path(__file__).parent
FILES = ("model.safetensors", "heads.safetensors", "heads.json", "config.json", "selection.parquet")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kills", "seed"), [pytest.param(20, 4, marks=pytest.mark.full), (6, 9898)]
)
def test_kills_change_no_bit(tmp_path: Path, kills: int, seed: int) -> None:
    for kind in KINDS:
        make_tokens(tmp_path, kind, 64)
        make_tokens(tmp_path, kind, 20, seed=7)
    paths = os.pathsep.join([str(HERE), str(HERE.parents[1] / "workflow_scripts")])
    done = subprocess.run(
        [sys.executable, str(HERE / "kill_world.py"), str(tmp_path), str(kills), str(seed)],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    ends = Counter(json.loads(done.stdout))
    assert sum(ends.values()) - ends[FINISHED] == kills
    # with these seeds, a process is killed at every point
    assert set(ends) == {*POINTS, FINISHED}
    whole = tmp_path / "whole/model"
    models = sorted(tmp_path.glob("killed-*/model"))
    assert len(models) == ends[FINISHED] - 1 > 0
    history = pq.read_table(whole / "history.parquet").drop_columns(["seconds"])
    for model in models:
        for file in FILES:
            assert (model / file).read_bytes() == (whole / file).read_bytes(), model / file
        again = pq.read_table(model / "history.parquet").drop_columns(["seconds"])
        assert again.equals(history)
        maps = [pq.read_table(folder / "data_map.parquet") for folder in (model, whole)]
        assert maps[0].equals(maps[1])
