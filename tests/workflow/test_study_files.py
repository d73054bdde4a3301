"""The shipped studies in an empty clone: their files alone are enough, without a network."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from checkout import ROOT, new_checkout

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.workflow, pytest.mark.full]

STUDIES = [
    "phang2020", "sequences_vs_joint", "complexity_and_scale", "african", "pawsx_sources",
    "english_vs_non_english",
]  # fmt: skip
NO_NETWORK = """\
import socket

def refuse(*_, **__):
    raise SystemExit("asked the network")

socket.socket.connect = refuse
socket.getaddrinfo = refuse
"""


@pytest.mark.parametrize("name", STUDIES)
def test_a_dry_run_and_a_plan_need_the_file_only(tmp_path: Path, name: str) -> None:
    clone = new_checkout(tmp_path / "clone")
    shutil.copytree(ROOT / "studies", clone.folder / "studies")
    (tmp_path / "sitecustomize.py").write_text(NO_NETWORK)
    blocked = {"PYTHONPATH": str(tmp_path)}
    study = ("--configfile", f"studies/{name}.yaml")
    run = clone.snakemake("-n", "--quiet", "rules", *study, environment=blocked)
    assert run.code == 0, run.output[-2000:]
    jobs = run.jobs
    assert jobs["train_target"] > 100
    assert jobs["fetch_data"] > 10
    assert not (clone.folder / "results").exists()
    assert ("`multi (8 of 9)`" in run.output) == (name == "phang2020")
    plan = clone.command("plan", *study)
    assert plan.code == 0, plan.output[-2000:]
    assert f"{jobs['train_target']}" in plan.output
