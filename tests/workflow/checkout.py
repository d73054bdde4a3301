"""A tiny study, and checkouts in which it is run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "rules", "workflow_scripts", "envs", "profiles", "pyproject.toml")

TINY = {
    "study": "tiny",
    "source": "microworld",
    "source_language": "qaa",
    "microworld": {
        "languages": 3,
        "text": 60,
        "sizes": {"train": 48, "validation": 8, "test": 16},
    },
    "seeds": [1],
    "bases": {
        "mini": {
            "pretrain": {
                "architecture": {
                    "hidden_size": 32,
                    "num_layers": 2,
                    "num_heads": 2,
                    "intermediate_size": 64,
                    "max_length": 96,
                },
                "vocab_size": 300,
            }
        }
    },
    "strategies": {"none": [], "mnli": ["mnli"]},
    "targets": {"xnli": {"languages": ["qaa", "qab"]}, "tatoeba": {"languages": ["qab"]}},
    "recipes": {
        "all": {
            "selection": "last",
            "max_length": 64,
            "doc_stride": 24,
            "max_steps": 6,
            "batch_size": 8,
        },
        "tasks": {"mnli": {"selection": "best", "eval_steps": 2, "patience": 0}},
    },
}


@dataclass(frozen=True)
class Run:
    """Output of one call of Snakemake."""

    code: int
    output: str

    @property
    def jobs(self) -> dict[str, int]:
        """Number of planned or finished jobs by rule, from the job table."""
        found: dict[str, int] = {}
        for line in self.output.splitlines():
            match = re.fullmatch(r"([a-z][a-z0-9_]*)\s+(\d+)", line.strip())
            if match and match[1] != "total":
                found[match[1]] = int(match[2])
        return found

    @property
    def nothing_to_do(self) -> bool:
        """True if Snakemake found everything up to date."""
        return "Nothing to be done" in self.output


@dataclass(frozen=True)
class Checkout:
    """A folder with the workflow and, once run, its results."""

    folder: Path

    @property
    def results(self) -> Path:
        """The tiny study's results folder."""
        return self.folder / "results/tiny"

    def write_study(self, **changes: object) -> None:
        """Write ``config.yaml``: the tiny study with top-level keys replaced."""
        text = yaml.safe_dump({**TINY, **changes}, sort_keys=False)
        (self.folder / "config.yaml").write_text(text)

    def snakemake(self, *arguments: str, environment: dict[str, str] | None = None) -> Run:
        """Run Snakemake here."""
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": "", "OMP_NUM_THREADS": "1", **(environment or {})},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        return Run(done.returncode, done.stdout + done.stderr)

    def jobs_of_dry_run(self, *arguments: str) -> Run:
        """Dry-run Snakemake here, with its own table of jobs."""
        # --quiet takes all words that follow it
        return self.snakemake("-n", *arguments, "--quiet", "rules")

    def command(self, *arguments: str) -> Run:
        """Run the ``xstilts`` command here."""
        done = subprocess.run(
            [sys.executable, "-m", "xstilts", *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": "workflow_scripts"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Run(done.returncode, done.stdout + done.stderr)

    def files(self) -> dict[str, bytes]:
        """Content of every product file, without logs and benchmark files."""
        return {
            path.relative_to(self.results).as_posix(): path.read_bytes()
            for path in sorted(self.results.rglob("*"))
            if path.is_file() and path.relative_to(self.results).parts[0] not in UNSTABLE
        }


UNSTABLE = {"logs", "benchmarks", "state", "locks"}


def new_checkout(folder: Path) -> Checkout:
    """The workflow copied to an empty folder, with the tiny study."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / part, ignore=ignored)
        else:
            shutil.copy2(source, folder / part)
    checkout = Checkout(folder)
    checkout.write_study()
    return checkout
