"""A study at `scale: small` runs from real files to the report, with a tiny model and few steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
import yaml
from checkout import ROOT, new_checkout
from engine_world import SHARED, needs_shared
from published_models import published_model

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.workflow, pytest.mark.full]


@needs_shared
def test_the_small_version_of_a_study_runs_to_the_report(tmp_path: Path) -> None:
    clone = new_checkout(tmp_path / "clone")
    model = published_model("qwen2", tmp_path / "model")
    study = yaml.safe_load((ROOT / "studies/african.yaml").read_text(encoding="utf-8"))
    own = study["small_scale"]["replace"]
    own |= {"seeds": [1], "prediction_precision": "fp32"}
    own["recipes"] = {"all": {"max_steps": 2, "precision": "fp32", "max_length": 64}}
    # of each target, the languages that the samples have, fewer of sib200
    own["targets"]["sib200"]["languages"] = ["ha", "zu"]
    own["targets"]["masakhanews"]["languages"] = ["ha", "pcm"]
    (clone.folder / "study.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    run = clone.snakemake(
        "--configfile", "study.yaml", "--config", "scale=small", f"small_base={model}",
        "source=original", "when_missing=skip", f"data_root={SHARED}",
    )  # fmt: skip
    assert run.code == 0, run.output[-3000:]
    results = clone.folder / "results/african-small"
    assert (results / "report.html").is_file()
    text = (results / "tables/transfer.md").read_text(encoding="utf-8")
    # SICK and MultiNLI are cut; ANLI's training sets are not among the samples
    assert "sick (n = 2,000)" in text
    assert "mnli (n = 2,000) §" in text
    assert "afrisenti (n = 500)" in text
    assert "strategy anli" in text
    table = pd.read_parquet(results / "tables/transfer.parquet")
    assert set(table.loc[table["mean"].notna(), "strategy"]) == {"none", "sick", "mnli"}
