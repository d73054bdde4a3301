"""The commands that the documentation prints run; what needs data, GPUs or SLURM is dry-run."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from checkout import ROOT, Checkout

from documented_commands import commands

pytestmark = [pytest.mark.workflow, pytest.mark.full]

SHARED = Path(os.environ.get("XSTILTS_TEST_DATA", ROOT.parent / "shared/data"))
"""Release files for the studies on real data."""
NEEDS_NOTHING = {"tasks", "plan", "memory", "cells", "explain", "verify"}
"""Commands of xstilts that need no results; their arguments may be those of the default study."""
REPLACED = {
    "PATH": "target/mini/seed-1/none/xnli",
    "results/STUDY/target/BASE": "results/quickstart/target/mini",
    "results/STUDY/target/BASE/seed-1/mnli/xnli": "target/mini/seed-1/snli/xnli",
    # the small version of a study needs none of the reader's files
    "data_root=FOLDER": "scale=microworld",
}
"""Placeholders of commands, with what the default study has."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The project's folder without results, with the README's study."""
    folder = tmp_path_factory.mktemp("commands") / "project"
    folder.mkdir()
    for part in ("Snakefile", "rules", "workflow_scripts", "envs", "profiles", "studies"):
        source = ROOT / part
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, folder / part)
    shutil.copy2(ROOT / "config.yaml", folder)
    shutil.copy2(ROOT / "pyproject.toml", folder)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    study = re.findall(r"^```yaml\n([\s\S]*?)^```", readme, re.MULTILINE)[0]
    (folder / "my_study.yaml").write_text(study.replace("source: original", "source: hub"))
    return Checkout(folder)


def printed(program: str) -> list[tuple[str, ...]]:
    """The arguments of a program in all blocks, each once, with placeholders replaced."""
    found = [one.words for one in commands() if one.in_block and one.words[0] == program]
    return sorted({tuple(REPLACED.get(word, word) for word in words[1:]) for words in found})


@pytest.mark.parametrize("arguments", printed("snakemake"), ids=" ".join)
def test_snakemake_finds_the_jobs(project: Checkout, arguments: tuple[str, ...]):
    if any(word.startswith("studies/real_") for word in arguments):
        if not SHARED.is_dir():
            pytest.skip(f"needs the release files in {SHARED}")
        arguments = tuple(w.replace("scale=microworld", f"data_root={SHARED}") for w in arguments)
    run = project.snakemake("-n", *arguments)
    assert run.code == 0, run.output
    assert "jobs to run" in run.output
    assert len(run.output.splitlines()) <= 60


@pytest.mark.parametrize(
    "arguments", [one for one in printed("xstilts") if one[0] in NEEDS_NOTHING], ids=" ".join
)
def test_xstilts_prints_an_answer(project: Checkout, arguments: tuple[str, ...]):
    run = project.command(*arguments)
    assert run.output.strip()
    assert "Traceback" not in run.output
    assert run.code == 0 or arguments[0] == "verify", run.output
