"""Cost of a study, from benchmark files and manifests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xstilts.benchmark_files import read_benchmark
from xstilts.manifest import facts_of

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

KINDS = (
    "data", "bases", "tokens", "intermediate", "target", "predictions", "scores", "submission",
    "tables", "figures",
)  # fmt: skip
_OTHER = ("logs", "benchmarks", "failures", "state", "tensorboard", "wandb")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Cost of one kind of product."""

    kind: str
    jobs: int
    """Number of jobs with a benchmark file of their last run."""
    hours: float
    """Wall-clock time of these runs."""
    peak_gigabytes: float
    """Peak memory of one job: of the GPU for a model that was trained on one."""
    gigabytes: float
    """Size of the files on disk."""
    num_files: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """Cost of training the models of one position in the chain."""

    position: str
    """``bases``, ``intermediate`` or ``target``."""
    models: int
    hours: float
    """Time in the training loop, over all runs of a stage."""
    tokens: int
    devices: tuple[str, ...]


def costs(root: Path) -> list[Cost]:
    """The kinds of product that a study has, in the order in which they are made."""
    folders = [root / kind for kind in (*KINDS, *_OTHER)]
    return [_cost(root, folder) for folder in folders if folder.is_dir()]


def _cost(root: Path, folder: Path) -> Cost:
    files = (root / "benchmarks" / folder.name).rglob("*.jsonl")
    # the last run of each job
    jobs = [runs[-1] for path in files if (runs := read_benchmark(path))]
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    # Snakemake counts in MB, and writes NA for a job too short to be measured
    peaks = [_float(job.get("max_rss")) * 1e6 for job in jobs]
    # Snakemake does not measure forked jobs: their manifests have the peak
    facts = [facts_of(path) for path in folder.rglob("manifest.json")]
    peaks += [_float(fact.get("peak_memory")) for fact in facts]
    return Cost(
        kind=folder.name,
        jobs=len(jobs),
        hours=sum(_float(job.get("s")) for job in jobs) / 3600,
        peak_gigabytes=max(peaks, default=0) / 1e9,
        gigabytes=sum(sizes) / 1e9,
        num_files=len(sizes),
    )


def _float(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def spent(root: Path) -> list[Spent]:
    """Training time by position in the chain, from the manifests of the models."""
    found = []
    for position in ("bases", "intermediate", "target"):
        facts = [facts_of(path) for path in sorted((root / position).rglob("manifest.json"))]
        trained = [fact for fact in facts if "steps" in fact]
        if trained:
            found.append(
                Spent(
                    position=position,
                    models=len(trained),
                    hours=sum(fact.get("seconds", 0.0) for fact in trained) / 3600,
                    tokens=sum(fact.get("tokens", 0) for fact in trained),
                    devices=tuple(sorted({str(fact.get("device", "?")) for fact in trained})),
                )
            )
    return found


def prediction_seconds(headline: pd.DataFrame) -> list[tuple[str, float]]:
    """Target and seconds of predicting all its cells.

    Args:
        headline: result rows of the headline metrics.
    """
    by = ["model", "chain", "target", "seed", "language"]
    # strategies with the same chain share their predictions
    rows = headline.drop_duplicates(by)
    return [(str(name), float(value)) for name, value in
            rows.groupby("target", sort=False)["seconds"].sum().items()]  # fmt: skip
