"""Stages trained by several processes, in the workflow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from checkout import Checkout

pytestmark = pytest.mark.workflow


@pytest.mark.full
def test_a_model_of_two_processes_is_not_retrained_by_one(fresh: Checkout) -> None:
    fresh.write_study(parallel={"processes": 2, "mode": "fsdp"})
    run = fresh.snakemake("intermediate_models")
    assert run.code == 0, run.output
    for product in ("bases/mini/model", "intermediate/mini/seed-1/mnli"):
        manifest = fresh.results / product / "manifest.json"
        facts: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))["facts"]
        assert (facts["processes"], facts["steps"]) == (2, 6)
        assert facts["device"].startswith("2 x ")
        # output of the processes is in the job's log
        log = (fresh.results / "logs" / f"{product}.log").read_text(encoding="utf-8")
        assert "training on" in log
        assert product.startswith("bases") or "step 2: dev" in log
    fresh.write_study()
    assert fresh.snakemake("intermediate_models").nothing_to_do


@pytest.mark.slow
def test_resources_are_multiplied_by_processes(fresh: Checkout) -> None:
    fresh.write_study(parallel={"processes": 2})
    run = fresh.snakemake("-n", "--printshellcmds", "intermediate_models")
    assert run.code == 0, run.output
    asked = [line for line in run.output.splitlines() if "processes=2" in line]
    assert "train_target" not in run.jobs
    # pretraining and one intermediate stage
    assert len(asked) == 2
    assert all("gpu=2" in line and "mem_mb=16000" in line for line in asked)
    assert all("mode=ddp" in line for line in asked)


@pytest.mark.slow
def test_a_resource_of_an_old_name_is_not_ignored(fresh: Checkout) -> None:
    run = fresh.snakemake("-n", "--set-resources", "train_target:tokens_per_pass=4096")
    assert run.code != 0
    assert "'tokens_per_pass' is now called 'max_tokens'" in run.output
