"""Time to parse and plan a study, and the overhead of a job.

    python benchmarks/dag.py            prints one table; writes to a temporary folder only
    python benchmarks/dag.py FILE ...   processor time of a dry run of these study files

* parse: `Grid.load` and all parameters, in a fresh interpreter, without Snakemake's start-up
* snakemake -n: a dry run of a study of at least 500 jobs
* imports: the modules that a job imports before it starts to work, by type of job
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml
from checkout import ROOT, copy_workflow

RUNS = 5

PARSE = """
import time; start = time.perf_counter()
import sys; sys.path.insert(0, "workflow_scripts")
from xstilts.grid import Grid, identities
grid = Grid.load(None, ["config.yaml"])
for chain in grid.chains:
    if chain != "none":
        identities.model(grid, "mini", 1, chain, None)
for target in grid.targets:
    identities.predictions(grid, target); identities.scores(grid, target)
print(time.perf_counter() - start)
"""

IMPORTS = {
    "a script that sends it to the fork server": "import xstilts.runner.frame, xstilts.jobs.score",
    "data, scores, tables": "import xstilts.runner.frame, xstilts.jobs.data, pyarrow.parquet",
    "tokens": "import xstilts.runner.frame, xstilts.jobs.tokens, xstilts.tokens.prepare",
    "training": "import xstilts.runner.frame, xstilts.jobs.train, xstilts.training.loop",
    "prediction": "import xstilts.runner.frame, xstilts.jobs.predict, xstilts.prediction.run",
}
ALTERNATIVES = {
    "torch alone": "import torch",
    "torch, transformers' XLM-R": "import torch; from transformers import XLMRobertaModel",
    "torch, a step of torch.optim.AdamW": (
        "import torch; weight = torch.zeros(1, requires_grad=True); weight.sum().backward(); "
        "torch.optim.AdamW([weight], fused=True).step()"
    ),
}
"""Imports for comparison."""


def big_study() -> dict[str, Any]:
    """The default study with more strategies and seeds: more than 500 jobs."""
    study = yaml.safe_load((ROOT / "config.yaml").read_text())
    tasks = ["mnli", "squad_v1", "udpos"]
    pairs = [[one, other] for one in tasks for other in tasks if one != other]
    study["strategies"] = {"none": [], **{task: [task] for task in tasks}}
    study["strategies"] |= {"-then-".join(pair): pair for pair in pairs}
    study["seeds"] = [1, 2, 3, 4, 5]
    return study


def median_of(command: list[str], folder: Path, *, printed: bool = False) -> float:
    """Median seconds of a command: those that it prints, or wall-clock time."""
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        seconds.append(float(done.stdout) if printed else time.perf_counter() - start)
    return statistics.median(seconds)


def num_jobs(folder: Path) -> int:
    """Number of jobs in a dry run."""
    command = [sys.executable, "-m", "snakemake", "-n", "--quiet", "rules"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    totals = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("total")]
    return int(totals[-1])


def dry_runs(files: list[str]) -> None:
    """Print the processor time of a dry run of each study file, without data or results.

    It says more than wall-clock time on a machine with other work, although its caches suffer too.
    """
    sys.stdout.write("| study | jobs | seconds of processor time (median of 5) |\n|---|---|---|\n")
    for file in files:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            copy_workflow(folder)
            shutil.copytree(ROOT / "studies", folder / "studies")
            shutil.copy2(file, folder / "config.yaml")
            command = [sys.executable, "-m", "snakemake", "-n"]
            seconds = []
            for _ in range(RUNS):
                before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
                subprocess.run(command, cwd=folder, capture_output=True, check=True)
                seconds.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
            jobs = num_jobs(folder)
        sys.stdout.write(f"| {Path(file).stem} | {jobs} | {statistics.median(seconds):.1f} |\n")


def overhead() -> None:
    """Print the time to parse and plan a study, and the overhead of a job."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy_workflow(folder)
        (folder / "config.yaml").write_text(yaml.safe_dump(big_study()))
        python = sys.executable
        rows = [
            ("parse the study", median_of([python, "-c", PARSE], folder, printed=True)),
            ("python starts", median_of([python, "-c", "pass"], folder)),
            ("snakemake --help", median_of([python, "-m", "snakemake", "--help"], folder)),
            (
                f"snakemake -n, {num_jobs(folder)} jobs",
                median_of([python, "-m", "snakemake", "-n", "--quiet", "all"], folder),
            ),
        ]
        for name, code in IMPORTS.items():
            text = f"import sys; sys.path.insert(0, 'workflow_scripts'); {code}"
            rows.append((f"imports of a job: {name}", median_of([python, "-c", text], folder)))
        for name, code in ALTERNATIVES.items():
            rows.append((f"for comparison: {name}", median_of([python, "-c", code], folder)))
    sys.stdout.write("| what | seconds (median of 5) |\n|---|---|\n")
    for name, seconds in rows:
        sys.stdout.write(f"| {name} | {seconds:.2f} |\n")


if __name__ == "__main__":
    if sys.argv[1:]:
        dry_runs(sys.argv[1:])
    else:
        overhead()
