"""The SLURM profile gives bit-identical scores to a workstation."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from checkout import Checkout

pytestmark = [pytest.mark.workflow, pytest.mark.slurm, pytest.mark.full]


def slurm_answers() -> bool:
    """True if a SLURM controller is available."""
    if not shutil.which("sinfo"):
        return False
    done = subprocess.run(["sinfo", "-h"], capture_output=True, text=True, check=False)
    return done.returncode == 0 and bool(done.stdout.strip())


def values(checkout: Checkout) -> dict[str, list[tuple[str, str, float]]]:
    """Score file to its (language, metric, value) rows."""
    found = {}
    for path in sorted((checkout.results / "scores").rglob("*.parquet")):
        rows = pq.read_table(path, columns=["language", "metric", "value"]).to_pylist()
        name = path.relative_to(checkout.results).as_posix()
        found[name] = [(row["language"], row["metric"], row["value"]) for row in rows]
    return found


@pytest.mark.skipif(not slurm_answers(), reason="no SLURM controller answers (sinfo)")
def test_slurm_gives_the_same_scores_and_weights(fresh: Checkout, finished: Checkout):
    run = fresh.snakemake("--workflow-profile", "profiles/slurm", "--jobs", "4")
    assert run.code == 0, run.output
    assert "slurm" in run.output.lower()
    assert values(fresh) == values(finished)
    weights = {k: v for k, v in finished.files().items() if k.endswith(".safetensors")}
    assert {k: v for k, v in fresh.files().items() if k in weights} == weights
