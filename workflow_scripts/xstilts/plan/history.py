"""Finished jobs of all studies in a results folder: work, device and time."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from xstilts.benchmark_files import run_seconds
from xstilts.errors import UserError
from xstilts.files import read_json
from xstilts.models.shape import shape_of_config
from xstilts.plan.devices import canonical
from xstilts.plan.lengths import tokenised
from xstilts.plan.work import Work, forward_flops, masked_flops, training_factor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xstilts.models.shape import EncoderShape

Kind = Literal["training", "prediction"]
STAGES = ("bases/*/model", "intermediate/*/*/*", "target/*/*/*/*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """A finished job."""

    study: str
    product: str
    """Its path below ``results/STUDY``."""
    kind: Kind
    device: str
    precision: str
    work: Work
    seconds: float
    start: float | None = None
    """Overhead of the job in seconds, from its benchmark file."""
    peak_memory: int | None = None


def finished_jobs(results: Path, most: int | None = None) -> list[Finished]:
    """Return the finished jobs of all studies; needs ``config.json`` of models, not weights.

    Args:
        results: folder of the studies.
        most: number of stages in each position, and of predicted cells, to read of each study.
    """
    found: list[Finished] = []
    for root in sorted(path for path in results.glob("*") if path.is_dir()):
        found += _trainings(root, most)
        found += _predictions(root, most)
    return found


def _evenly(paths: Iterable[Path], most: int | None) -> list[Path]:
    """Return the paths in order; if they are more than ``most``, about that many of them."""
    ordered = sorted(paths)
    return ordered[:: max(1, len(ordered) // most)] if most else ordered


def _trainings(root: Path, most: int | None) -> Iterator[Finished]:
    for pattern in STAGES:
        for manifest in _evenly(root.glob(f"{pattern}/manifest.json"), most):
            try:
                yield _training(root, manifest)
            except (UserError, KeyError, TypeError):
                continue  # an imported base, or another version: nothing was measured


def _training(root: Path, manifest: Path) -> Finished:
    raw = read_json(manifest)
    facts, inputs = raw["facts"], raw["identity"]["inputs"]
    declared, product = raw["identity"]["declared"], manifest.parent.relative_to(root).as_posix()
    recipe, shape = declared["recipe"], _shape(manifest.parent)
    steps, tokens = facts["steps"], float(facts["tokens"])
    length = _mean_length(root, inputs, "/train") or tokens / (steps * recipe["batch_size"])
    flops = forward_flops(shape, tokens, length)
    if "mlm" in declared["heads"]:
        share = sum(text.startswith(("mlm@", "tlm@")) for text in declared["mixture"])
        share /= len(declared["mixture"])
        flops += share * masked_flops(shape, tokens, recipe["mlm_probability"])
    # time is measured until the last step, without the evaluation that follows
    rounds = steps // recipe["eval_steps"] if recipe.get("eval_steps") else 0
    rounds -= bool(rounds) and steps % recipe["eval_steps"] == 0
    dev = rounds * _dev_flops(root, inputs, shape, recipe.get("dev_examples", 0))
    return Finished(
        study=root.name,
        product=product,
        kind="training",
        device=canonical(facts["device"]),
        precision=recipe["precision"],
        work=Work(training_factor(facts) * flops + dev, steps, tokens),
        seconds=float(facts["seconds"]),
        start=_start(root, product, float(facts["seconds"])),
        peak_memory=facts.get("peak_memory"),
    )


def _predictions(root: Path, most: int | None) -> Iterator[Finished]:
    """Yield cells: one job predicts all languages of a cell and loads the model once."""
    for cell in _evenly(root.glob("predictions/*/*/*/*"), most):
        parts = [part for file in sorted(cell.glob("*.parquet")) if (part := _file(root, file))]
        conditions = {(device, precision) for _, _, device, precision in parts}
        if len(conditions) != 1:
            continue  # none, or languages that were added on another machine
        device, precision = conditions.pop()
        yield Finished(
            study=root.name,
            product=cell.relative_to(root).as_posix(),
            kind="prediction",
            device=device,
            precision=precision,
            work=sum((work for work, *_ in parts), Work(0, 0)),
            seconds=sum(seconds for _, seconds, *_ in parts),
        )


def _file(root: Path, file: Path) -> tuple[Work, float, str, str] | None:
    """Return work, seconds, device and precision of one language; None if unknown."""
    from xstilts.schema_metadata import read_metadata

    metadata = read_metadata(file)
    try:
        inputs = metadata["identity"]["inputs"]
        model = next(name for name in inputs if name.startswith(("bases/", "target/", "inter")))
        tokens = next(name for name in inputs if name.startswith("tokens/"))
        read = tokenised(root / f"{tokens}.json")
        if read is None:
            return None
        num_tokens = read.count * read.length
        flops = forward_flops(_shape(root / model), num_tokens, read.length)
        precision = metadata["identity"]["declared"]["decoding"].get("precision", "fp32")
        work, device = Work(flops, 1, num_tokens), canonical(metadata["device"])
        return work, float(metadata["seconds"]), device, precision
    except (UserError, KeyError, StopIteration, TypeError):
        return None  # another version, or the model was deleted


@lru_cache(maxsize=4096)
def _shape(folder: Path) -> EncoderShape:
    return shape_of_config(read_json(folder / "config.json"))


def _mean_length(root: Path, inputs: Mapping[str, Any], ending: str) -> float:
    """Return the mean length of the token sets among a job's inputs; 0 if deleted."""
    names = [name for name in inputs if name.startswith("tokens/") and name.endswith(ending)]
    found = [item for name in names if (item := tokenised(root / f"{name}.json"))]
    count = sum(item.count for item in found)
    return sum(item.count * item.length for item in found) / count if count else 0.0


def _dev_flops(root: Path, inputs: Mapping[str, Any], shape: EncoderShape, examples: int) -> float:
    """Return the operations of one evaluation on the dev sets among a job's inputs."""
    names = [name for name in inputs if name.startswith("tokens/") and name.endswith("/validation")]
    found = [item for name in names if (item := tokenised(root / f"{name}.json"))]
    parts = [item.first(examples) for item in found]
    return sum(forward_flops(shape, part.count * part.length, part.length) for part in parts)


def _start(root: Path, product: str, seconds: float) -> float | None:
    """Return a job's overhead (imports, loading, writing); None if its product was reused."""
    runs = run_seconds(root / "benchmarks" / f"{product}.jsonl")
    took = runs[-1] if runs else 0.0
    return took - seconds if took > seconds else None


def start_of_jobs(jobs: list[Finished]) -> float | None:
    """Return the median overhead of training jobs in seconds."""
    found = [job.start for job in jobs if job.start is not None]
    return statistics.median(found) if found else None
