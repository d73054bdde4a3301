"""Ranking targets from training pairs to scores: dual encoders trained through the workflow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from checkout import Checkout

pytestmark = [pytest.mark.workflow, pytest.mark.full]


def test_ranking_targets_train_select_and_rank_with_their_dual_encoder(fresh: Checkout):
    best = {"selection": "best", "eval_steps": 2, "patience": 0}
    fresh.write_study(
        microworld={"languages": 2, "text": 40, "sizes": {"train": 32, "validation": 8, "test": 8}},
        strategies={"none": []},
        targets={
            "mewslix": {"languages": ["qab"]},
            "lareqa": {"languages": ["qab"]},
            "raw": {"task": "lareqa", "languages": ["qab"], "train": "none"},
        },
        recipes={
            "all": {"selection": "last", "max_length": 64, "max_steps": 4, "batch_size": 8},
            "tasks": {"wikipedia_pairs": best},
        },
    )
    run = fresh.snakemake("scores")
    assert run.code == 0, run.output
    assert run.jobs["train_target"] == 2
    assert fresh.snakemake("-n", "scores").nothing_to_do

    models = fresh.results / "target/mini/seed-1/none"
    assert {path.name for path in models.iterdir()} == {"mewslix", "lareqa"}
    index = json.loads((models / "mewslix/heads.json").read_text())
    assert index == {"wikipedia_pairs": {"kind": "ranking", "labels": []}}
    dev = pq.read_table(models / "mewslix/selection.parquet").to_pylist()
    assert [(row["step"], row["metric"]) for row in dev] == [(2, "map_at_20"), (4, "map_at_20")]

    layers = {}
    for target in ("mewslix", "lareqa", "raw"):
        cell = f"mini/seed-1/none/{target}"
        rows = pq.read_table(fresh.results / f"scores/{cell}.parquet", partitioning=None)
        assert "map_at_20" in rows["metric"].to_pylist()
        found = pq.read_table(fresh.results / f"predictions/{cell}/qab.parquet", partitioning=None)
        layers[target] = set(found["layer"].to_pylist())
    # the last of two layers where a head was trained, else the protocol's
    assert layers == {"mewslix": {2}, "lareqa": {2}, "raw": {1}}
