"""The Snakefile: parsing imports no large libraries, and jobs follow the prefix tree."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from checkout import ROOT, TINY, Checkout

pytestmark = pytest.mark.workflow

LARGE = [
    "torch",
    "transformers",
    "datasets",
    "tokenizers",
    "pandas",
    "numpy",
    "pyarrow",
    "safetensors",
]
LARGE += ["huggingface_hub", "httpx2"]

PROBE = """
import json, sys
sys.path.insert(0, "workflow_scripts")
before = set(sys.modules)
from xstilts.grid import Grid, identities
grid = Grid.load(None, ["config.yaml"])
for chain in grid.chains:
    if chain != "none":
        identities.model(grid, "mini", 1, chain, None)
for target in grid.targets:
    identities.predictions(grid, target)
    identities.scores(grid, target)
for path in grid.training_data() + grid.evaluation_data():
    _, _, _, task, language, split = path.removesuffix(".json").split("/")
    identities.data(grid, task, language, split)
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_parsing_imports_no_large_libraries(fresh: Checkout):
    done = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=fresh.folder, capture_output=True, text=True, check=True
    )
    imported = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert "pydantic" in imported
    assert not imported & set(LARGE)


@pytest.mark.slow
def test_the_number_of_trainings_is_that_of_the_prefix_tree(fresh: Checkout):
    # per seed: mnli, squad_v1, squad_v1~mnli = 3 intermediates; 4 strategies x 2 trained targets
    strategies = {
        "none": [],
        "mnli": ["mnli"],
        "squad_v1": ["squad_v1"],
        "both": ["squad_v1", "mnli"],
    }
    targets = {**TINY["targets"], "udpos": {"languages": ["qaa"]}}
    fresh.write_study(strategies=strategies, targets=targets, seeds=[1, 2, 3])
    jobs = fresh.jobs_of_dry_run().jobs
    assert jobs["pretrain"] == 1
    assert jobs["train_intermediate"] == 3 * 3
    assert jobs["train_target"] == 3 * 4 * 2
    assert jobs["predict_tatoeba"] == 3 * 4
    assert jobs["score_predictions"] == 3 * 4 * 3
    # only on request
    assert "write_submission" not in jobs


@pytest.mark.full
def test_the_scheduler_runs_only_when_a_job_ends(done: Checkout):
    for part in ("predictions", "scores"):
        shutil.rmtree(done.results / part)
    # one job at a time: one round of the scheduler per finished job
    run = done.snakemake("--verbose", "--cores", "1", "scores")
    assert run.code == 0, run.output
    ended = run.output.count("Finished jobid: ")
    assert ended > 8
    assert run.output.count("Ready jobs: ") <= ended + 1


@pytest.mark.slow
def test_the_graph_of_the_rules_is_in_the_documentation():
    probe = "import sys; sys.path.insert(0, 'workflow_scripts'); import rulegraph; "
    command = [sys.executable, "-c", f"{probe}print(rulegraph.rulegraph())"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    assert done.stdout.strip() in page, "the rules changed: run `make rulegraph`"
