"""Measurements of intermediate tasks, from the finished stages of a study."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.compute as pc
import pyarrow.parquet as pq

from xstilts.grid.single_tasks import single_tasks
from xstilts.manifest import checked_file, facts_of
from xstilts.paths import data_file

if TYPE_CHECKING:
    from xstilts.chains import Member
    from xstilts.grid import Grid

DATA_MAP = "data_map.parquet"
NO_SELECTION = (
    "No dev score: the stage keeps its last weights. Set `selection: best` (recipes.intermediate) "
    "to measure it."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """Measurements of an intermediate task, from the stages that train on it alone."""

    model: str
    strategy: str
    task: str
    language: str
    metric: str
    num_train: int
    num_dev: int
    frequent: float
    """Score of the most frequent answer; 0 if answers are not classes, NaN without a dev set."""
    dev: tuple[float, ...]
    """Dev score of each seed."""
    loss: tuple[float, ...]
    """Mean training loss of the last tenth of the steps, of each seed."""
    maps: tuple[tuple[float, float], ...] = ()
    """Mean confidence and variability (0-1) of the training examples, of each seed with a map."""
    remark: str = ""


def measured_tasks(grid: Grid) -> list[Measured]:
    """Measure the strategies that have one stage on one task, for each base model."""
    return [
        _measured(grid, base, *single) for base in grid.study.bases for single in single_tasks(grid)
    ]


def _measured(grid: Grid, base: str, strategy: str, label: str, member: Member) -> Measured:
    task, recipe = grid.study.known_tasks[member.task], grid.recipe(base, label, None)
    manifests = [Path(grid.paths.intermediate(base, seed, (label,))) for seed in grid.study.seeds]
    facts = [facts_of(path) for path in manifests]
    (judged,) = grid.dev_members(base, label, None) or (member,)
    answers = _answers(grid, judged)
    num_train = _rows(grid, member.task, member.language, "train")
    limit, dev_limit = recipe["max_train_examples"], recipe["dev_examples"]
    remark = "" if grid.dev_members(base, label, None) else NO_SELECTION
    if dev_limit and dev_limit < sum(answers.values()):
        remark = f"Dev scores use only the first {dev_limit} examples (`dev_examples`)."
    return Measured(
        model=base,
        strategy=strategy,
        task=member.task,
        language=member.language,
        metric=task.metric,
        num_train=min(num_train, limit) if limit else num_train,
        num_dev=sum(answers.values()),
        frequent=_frequent(task.metric, answers),
        dev=tuple(float(f["dev_score"]) for f in facts if f.get("dev_score") is not None),
        loss=tuple(float(f["final_loss"]) for f in facts if "final_loss" in f),
        maps=tuple(found for path in manifests if (found := _data_map(path)) is not None),
        remark=remark,
    )


def _data_map(manifest: Path) -> tuple[float, float] | None:
    """Mean confidence and variability of the examples of a stage; None without a data map.

    Variability needs a second epoch; without one it is NaN.
    """
    if not manifest.with_name(DATA_MAP).is_file():
        return None
    path = checked_file(manifest, DATA_MAP)
    found = pq.read_table(path, columns=["epochs", "confidence", "variability"])
    several = found.filter(pc.field("epochs") > 1)
    variability = pc.mean(several["variability"]).as_py() if len(several) else math.nan
    return float(pc.mean(found["confidence"]).as_py()), float(variability)


def _frequent(metric: str, answers: Counter[str]) -> float:
    """Accuracy of the most frequent answer; 0 for other metrics, NaN without a dev set."""
    if not answers:
        return math.nan
    if metric != "accuracy":
        return 0.0
    return 100 * max(answers.values()) / sum(answers.values())


def _answers(grid: Grid, member: Member) -> Counter[str]:
    """Counts of a dev set's gold classes; if answers are not classes, its size under ``""``."""
    manifest = Path(grid.paths.data(member.task, member.language, "validation"))
    path = Path(data_file(str(manifest)))
    if not path.is_file():
        return Counter()
    checked_file(manifest, path.name)
    names = pq.read_schema(path).names
    if "label" in names:
        return Counter(map(str, pq.read_table(path, columns=["label"])["label"].to_pylist()))
    return Counter({"": pq.read_metadata(path).num_rows})


def _rows(grid: Grid, task: str, language: str, split: str) -> int:
    path = Path(data_file(grid.paths.data(task, language, split)))
    return int(pq.read_metadata(path).num_rows) if path.is_file() else 0
