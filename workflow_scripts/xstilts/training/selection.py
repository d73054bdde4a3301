"""Model selection: keep the weights that are best on dev sets.

The dev sets are in the languages of the training sets: zero-shot transfer must not use others
(jiant's XTREME guide and XTREME's scripts select on English dev sets, too).
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.device import device_of
from xstilts.files import atomic_path
from xstilts.kinds import EMBEDDING_KINDS
from xstilts.metrics.by_kind import score
from xstilts.models.encoder import check_fit
from xstilts.prediction.base import predictor_of
from xstilts.prediction.options import PredictOptions
from xstilts.prediction.run import predict_table
from xstilts.tokens.store import TokenTable

if TYPE_CHECKING:
    from xstilts.config.recipe import Recipe
    from xstilts.models.heads import HeadSpec
    from xstilts.training.runtime import Runtime
    from xstilts.training.setup import StageModel

SCHEMA = pa.schema(
    [
        ("step", pa.int32()),
        ("task", pa.string()),
        ("language", pa.string()),
        ("metric", pa.string()),
        ("value", pa.float64()),
    ]
)


@dataclass(frozen=True, kw_only=True, slots=True)
class DevSet:
    """One dev set."""

    task: str
    """Name of the task and of its head."""
    language: str
    metric: str
    """The task's headline metric, 0-100, higher is better."""
    scorer: str = ""
    """Module of ``xstilts.metrics`` with scoring rules of the task's own; empty for its kind's."""
    options: PredictOptions = field(default_factory=PredictOptions)
    """Options of decoding."""
    tokens: Path
    """Token file."""
    data: Path
    """Parquet file of the examples, with the gold answers."""


class Selection:
    """Evaluates a stage during training, keeps its best weights, and decides on early stopping."""

    def __init__(
        self,
        dev: Sequence[DevSet],
        specs: Mapping[str, HeadSpec],
        recipe: Recipe,
        runtime: Runtime,
    ) -> None:
        """Open the dev sets.

        Args:
            dev: at least one.
            specs: kind and labels of each task's head.
            recipe: says when to evaluate, on how many examples, and when to stop.
            runtime: runtime settings of the stage.
        """
        self._dev, self._specs, self._recipe = dev, specs, recipe
        self._runtime, self._device = runtime, device_of(runtime.device)
        self.tables = [TokenTable.open(item.tokens) for item in dev]
        if recipe.dev_examples:
            self.tables = [table.head(recipe.dev_examples) for table in self.tables]
        self._since = 0
        self._best: dict[str, Any] | None = None
        self._rows: list[dict[str, Any]] = []
        self.best_step: int | None = None
        self.best_score: float | None = None

    @property
    def exhausted(self) -> bool:
        """True if none of the last ``patience`` evaluations improved the score."""
        return bool(self._recipe.patience) and self._since >= self._recipe.patience

    def evaluate_if_due(self, step: int, model: StageModel, *, last: bool) -> None:
        """Evaluate if due after ``step`` steps; on equal scores, keep the earlier weights."""
        due = self._recipe.eval_steps and step % self._recipe.eval_steps == 0
        if not (due or last):
            return
        known = len(self._rows)
        found = self._evaluate(step, model)
        self._runtime.tracker.evaluation(self._rows[known:])
        self._since += 1
        if self.best_score is None or found > self.best_score:
            self.best_step, self.best_score, self._since = step, found, 0
            # the last weights need no copy
            self._best = None if last else self._runtime.group.gather(model.state(), keep=True)
        self._runtime.log(
            f"step {step}: dev {found:.2f}, best {self.best_score:.2f} at step {self.best_step}"
        )

    def restore_best(self, model: StageModel) -> None:
        """Restore the best weights."""
        if self._best is not None:
            self._runtime.group.restore(model.state(), self._best)

    def state(self) -> dict[str, Any]:
        """Return the state from which an interrupted stage resumes exactly."""
        return {
            "since": self._since,
            "best": self._best,
            "rows": self._rows,
            "best_step": self.best_step,
            "best_score": self.best_score,
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Resume from the state of an earlier run."""
        self._since, self._best, self._rows = state["since"], state["best"], list(state["rows"])
        self.best_step, self.best_score = state["best_step"], state["best_score"]
        self._runtime.tracker.evaluation(self._rows, again=True)

    def write(self, path: Path) -> None:
        """Write all evaluations as Parquet: a row per step and dev set."""
        with atomic_path(path) as temporary:
            pq.write_table(pa.Table.from_pylist(self._rows, schema=SCHEMA), temporary)

    def _evaluate(self, step: int, model: StageModel) -> float:
        """Return the mean over tasks of the mean over each task's languages."""
        values: dict[str, list[float]] = {}
        for module in model.modules():
            module.eval()
        for item, table in zip(self._dev, self.tables, strict=True):
            value = self._score(item, table, model)
            values.setdefault(item.task, []).append(value)
            row = {"task": item.task, "language": item.language, "metric": item.metric}
            self._rows.append({"step": step, **row, "value": value})
        for module in model.modules():
            module.train()
        mean = statistics.fmean(statistics.fmean(found) for found in values.values())
        # every process has computed it; broadcast, so that all take the same decisions
        return self._runtime.group.broadcast(mean)

    def _score(self, item: DevSet, table: TokenTable, model: StageModel) -> float:
        spec = self._specs[item.task]
        vocab_size = table.metadata["vocab_size"]
        check_fit(model.encoder, item.tokens, table.longest, vocab_size)
        predictor = predictor_of(spec.kind)(table, spec.labels, item.options)
        predictions = predict_table(
            predictor,
            model.encoder,
            model.heads[item.task],
            table,
            pq.read_table(item.data, columns=list(predictor.COLUMNS)),
            max_tokens=self._runtime.max_tokens,
            device=self._device,
        )
        # kinds that compare sentence vectors use those of the last layer, which the stage trains
        layer = model.encoder.config.num_hidden_layers if spec.kind in EMBEDDING_KINDS else None
        found = score(spec.kind, predictions, layer, scorer=item.scorer, language=item.language)
        return found[item.metric]
