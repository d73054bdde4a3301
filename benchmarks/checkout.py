"""Copies the workflow so that a benchmark can run its own studies."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("Snakefile", "rules", "workflow_scripts", "envs", "profiles")


def copy_workflow(folder: Path) -> None:
    """Copy everything that a Snakemake run needs except the study file."""
    for part in PARTS:
        source = ROOT / part
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, folder / part)
