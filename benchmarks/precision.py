"""Effect of ``prediction_precision: bf16`` on the scores of a finished study.

    python benchmarks/precision.py [CONFIG] [--cores N]

CONFIG is the study file, ``config.yaml`` by default; its results must exist. Copies them to a
temporary folder, predicts and scores them again in bf16, and prints one table: how much the scores
of the same models, seeds and languages differ from those in fp32, and how much the entries of the
transfer table (gains over the baseline, means over seeds and languages) do.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import yaml
from checkout import ROOT, copy_workflow

SCORE = ["model", "strategy", "target", "language", "seed"]


def compared(full: Path, half: Path) -> pd.DataFrame:
    """By target: number of scores, their mean and largest difference, and that of the gains."""
    scores, gains = [], []
    for tables in (full, half):
        results = pd.read_parquet(tables / "results.parquet")
        scores.append(results[results["headline"]].set_index(SCORE)["value"])
        transfer = pd.read_csv(tables / "transfer.csv")
        gains.append(transfer.set_index(["model", "strategy", "target"])["delta"])
    apart = (scores[0] - scores[1]).abs().groupby("target").agg(["size", "mean", "max"])
    apart["gain"] = (gains[0] - gains[1]).abs().groupby("target").max()
    return apart


def main() -> None:
    """Predict again and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", nargs="?", default=str(ROOT / "config.yaml"))
    parser.add_argument("--cores", default="2")
    options = parser.parse_args()
    study = yaml.safe_load(Path(options.config).read_text())
    results = ROOT / "results" / study["study"]
    if not (results / "tables" / "results.parquet").exists():
        sys.exit(f"{results}: no tables. Run snakemake --cores {options.cores} first.")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy_workflow(folder)
        copy = folder / "results" / study["study"]
        shutil.copytree(results, copy)
        # the copy lacks Snakemake's metadata, which would show the change
        for part in ("predictions", "scores", "tables"):
            shutil.rmtree(copy / part)
        (folder / "config.yaml").write_text(
            yaml.safe_dump(study | {"prediction_precision": "bf16"})
        )
        command = [sys.executable, "-m", "snakemake", "--cores", options.cores, "tables"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        table = compared(results / "tables", copy / "tables")
    sys.stdout.write("| target | scores | mean difference | largest | largest of gains |\n")
    sys.stdout.write("|---|---|---|---|---|\n")
    for target, row in table.iterrows():
        numbers = " | ".join(f"{row[name]:.2f}" for name in ("mean", "max", "gain"))
        sys.stdout.write(f"| {target} | {row['size']:.0f} | {numbers} |\n")


if __name__ == "__main__":
    main()
