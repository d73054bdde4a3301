"""A copy of the workflow in which a benchmark may run studies of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("Snakefile", "rules", "workflow_scripts", "envs", "profiles")


def copy_workflow(folder: Path) -> None:
    """Copy what a run of Snakemake needs besides its study."""
    for part in PARTS:
        source = ROOT / part
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, folder / part)
