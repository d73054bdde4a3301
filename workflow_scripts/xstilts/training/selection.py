"""Which weights of a stage are kept: the last, or those that are best on dev sets.

The dev sets are those of the training sets' own languages: zero-shot transfer must not look at
others (jiant's XTREME guide and XTREME's scripts select on English dev, too).
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
    """Name of the head that answers it."""
    language: str
    metric: str
    """The task's headline metric, 0-100, the higher the better."""
    scorer: str = ""
    """Module of ``xstilts.metrics`` with the task's own rules, where those of its kind do not
    hold."""
    options: PredictOptions = field(default_factory=PredictOptions)
    """How the model's outputs become predictions."""
    tokens: Path
    """Token file."""
    data: Path
    """Parquet file of the examples, for the gold answers."""


class Selection:
    """Evaluates a stage in training, keeps its best weights, and says when to stop."""

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
            recipe: when to evaluate, on how much, and when to stop.
            runtime: how to run.
        """
        self._dev, self._specs, self._recipe = dev, specs, recipe
        self._running, self._device = runtime, device_of(runtime.device)
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
        """Whether the last ``patience`` evaluations brought nothing better."""
        return bool(self._recipe.patience) and self._since >= self._recipe.patience

    def after(self, step: int, stage: StageModel, *, last: bool) -> None:
        """Evaluate after so many steps, if it is time; equal scores keep the earlier weights."""
        due = self._recipe.eval_steps and step % self._recipe.eval_steps == 0
        if not (due or last):
            return
        known = len(self._rows)
        found = self._evaluate(step, stage)
        self._running.tracker.evaluation(self._rows[known:])
        self._since += 1
        if self.best_score is None or found > self.best_score:
            self.best_step, self.best_score, self._since = step, found, 0
            # the last weights are in the stage anyway
            self._best = None if last else self._running.group.gather(stage.state(), keep=True)
        self._running.log(
            f"step {step}: dev {found:.2f}, best {self.best_score:.2f} at step {self.best_step}"
        )

    def restore_best(self, stage: StageModel) -> None:
        """Give the stage the weights that are kept."""
        if self._best is not None:
            self._running.group.restore(stage.state(), self._best)

    def state(self) -> dict[str, Any]:
        """What an interrupted stage needs to go on exactly."""
        return {
            "since": self._since,
            "best": self._best,
            "rows": self._rows,
            "best_step": self.best_step,
            "best_score": self.best_score,
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on from the state of an earlier run."""
        self._since, self._best, self._rows = state["since"], state["best"], list(state["rows"])
        self.best_step, self.best_score = state["best_step"], state["best_score"]
        self._running.tracker.evaluation(self._rows, again=True)

    def write(self, path: Path) -> None:
        """Write every evaluation as Parquet: a row per step and dev set."""
        with atomic_path(path) as temporary:
            pq.write_table(pa.Table.from_pylist(self._rows, schema=SCHEMA), temporary)

    def _evaluate(self, step: int, stage: StageModel) -> float:
        """The mean over tasks of the mean over their languages' dev metrics."""
        values: dict[str, list[float]] = {}
        for module in stage.modules():
            module.eval()
        for item, table in zip(self._dev, self.tables, strict=True):
            value = self._value(item, table, stage)
            values.setdefault(item.task, []).append(value)
            row = {"task": item.task, "language": item.language, "metric": item.metric}
            self._rows.append({"step": step, **row, "value": value})
        for module in stage.modules():
            module.train()
        mean = statistics.fmean(statistics.fmean(found) for found in values.values())
        # all processes have computed it, and all must decide alike
        return self._running.group.broadcast(mean)

    def _value(self, item: DevSet, table: TokenTable, stage: StageModel) -> float:
        spec = self._specs[item.task]
        vocab_size = table.metadata["vocab_size"]
        check_fit(stage.encoder, item.tokens, table.longest, vocab_size)
        predictor = predictor_of(spec.kind)(table, spec.labels, item.options)
        predictions = predict_table(
            predictor,
            stage.encoder,
            stage.heads[item.task],
            table,
            pq.read_table(item.data, columns=list(predictor.COLUMNS)),
            max_tokens=self._running.max_tokens,
            device=self._device,
        )
        # of kinds that compare sentence vectors: those that the stage trains
        layer = stage.encoder.config.num_hidden_layers if spec.kind in EMBEDDING_KINDS else None
        found = score(spec.kind, predictions, layer, scorer=item.scorer, language=item.language)
        return found[item.metric]
