"""What the parts of a run share: sizes of models, processes, and what was measured."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from process import Worker, WorkerError, take_turns
from setup import Setup
from workloads import WORKLOADS, sequences

from xstilts.models.shape import EncoderShape, shape_of_config
from xstilts.plan.devices import canonical
from xstilts.plan.history import Finished
from xstilts.plan.known_models import KNOWN_MODELS
from xstilts.plan.work import Work, forward_flops, training_factor
from xstilts.training.memory import AdapterShape, Workload, estimate
from xstilts.training.pruning import is_worthwhile

Config = dict[str, Any]
Answer = dict[str, Any] | WorkerError
"""What a job found, or why it found nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """Sizes of what is measured."""

    encoder: Config
    """Configuration of the encoder, with transformers' keys."""
    decoder: Config
    distinct_tokens: int
    """Different tokens in a training set."""
    steps: int
    """Steps of a round of training."""
    rounds: int
    """Rounds of which the median is taken, if there is time for them."""
    examples: dict[str, int]
    """Workload to the sequences of a round of prediction."""
    stage: Config
    """Architecture of the stage that is killed and resumed."""


LARGE = Sizes(
    encoder=KNOWN_MODELS["FacebookAI/xlm-roberta-large"],
    # half the disk; a stage reads any type as fp32
    decoder=KNOWN_MODELS["Qwen/Qwen2.5-1.5B"] | {"dtype": "bfloat16"},
    distinct_tokens=40_000,
    steps=20,
    rounds=5,
    examples={"classification": 6400, "span": 2400},
    stage={"layers": 6, "width": 768, "vocab": 20_000},
)
_TINY = {"hidden_size": 64, "num_hidden_layers": 2, "intermediate_size": 128, "vocab_size": 2000}
SMALL = Sizes(
    encoder=LARGE.encoder | _TINY | {"num_attention_heads": 1},
    decoder=LARGE.decoder
    | _TINY
    | {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32},
    distinct_tokens=2000,
    steps=1,
    rounds=1,
    examples={"classification": 64, "span": 24},
    stage={"layers": 1, "width": 64, "vocab": 2000},
)
FULL_LENGTH_TOKENS = 4096
"""Tokens of a micro-batch where the estimate of memory is compared: half of a batch."""


@dataclass
class Context:
    """One run."""

    device: str
    threads: int
    sizes: Sizes
    folder: Path
    precision: Literal["fp32", "bf16"] = "bf16"
    card: str = ""
    """Name of the device, as manifests have it."""
    peaks: dict[str, float] = field(default_factory=dict)
    """Precision to the measured operations per second of the matrix product."""
    finished: list[Finished] = field(default_factory=list)
    """What was measured of this project, as a plan reads finished jobs."""
    until: float = 0.0
    """Value of ``time.monotonic`` at which the part that runs has to end."""
    workers: list[Worker] = field(default_factory=list)
    """Processes of the part that runs."""

    @property
    def loaders(self) -> int:
        """Processes that prepare Trainer's batches: none where they would compute on its cores."""
        return 0 if self.device == "cpu" else 2

    def setup(self, shape: Config | None = None, /, **values: Any) -> Setup:
        """Settings of a worker on this device, for the encoder unless a configuration is given."""
        shape = shape or self.sizes.encoder
        common: Config = {
            "workload": "classification",
            "precision": self.precision,
            "device": self.device,
            "threads": self.threads,
            "layers": shape["num_hidden_layers"],
            "width": shape["hidden_size"],
            "vocab": shape["vocab_size"],
            "distinct_tokens": self.sizes.distinct_tokens,
            "steps": self.sizes.steps,
            "examples": 0,
            "max_tokens": 8192,
        }
        return Setup(**common | values)

    def start(self, setup: Setup, name: str) -> Worker:
        """Start a process with a folder of its own, which ends with the part at the latest."""
        worker = Worker(setup, self.folder / name)
        self.workers.append(worker)
        return worker

    def jobs(self, setups: dict[str, Setup]) -> dict[str, Answer]:
        """Run jobs at the same time; returns their answers or errors by name."""
        workers = {name: self.start(setup, name) for name, setup in setups.items()}
        for worker in workers.values():
            worker.request()
        found: dict[str, Answer] = {}
        for name, worker in workers.items():
            try:
                found[name] = worker.answer(self.until)
                worker.close()
            except WorkerError as error:
                found[name] = error
        return found

    def job(self, setup: Setup, name: str) -> dict[str, Any]:
        """Run a job.

        Raises:
            WorkerError: it failed.
        """
        found = self.jobs({name: setup})[name]
        if isinstance(found, WorkerError):
            raise found
        return found

    def rounds(
        self, name: str, setups: dict[str, Setup], share: float = 1.0
    ) -> tuple[dict[str, list[dict[str, Any]]], dict[str, str]]:
        """Measure implementations by turns; answers and errors by name.

        Args:
            name: of the folder for their files.
            setups: the implementations.
            share: of the part's time that is left.
        """
        until = time.monotonic() + share * (self.until - time.monotonic())
        workers = {way: self.start(one, f"{name}-{way}") for way, one in setups.items()}
        return take_turns(workers, self.sizes.rounds, until)

    def model(self, name: str) -> Path:
        """Folder of a randomly initialised model: ``encoder`` or ``decoder``; written once."""
        folder, config = self.folder / name, getattr(self.sizes, name)
        if not (folder / "config.json").is_file():
            self.job(self.setup(config, way="model", config=config), name)
        return folder

    def stop(self) -> None:
        """Kill the processes of the part that still run."""
        for worker in self.workers:
            worker.kill()
        self.workers.clear()

    def record(
        self, what: str, setup: Setup, config: Config, answers: list[dict[str, Any]]
    ) -> None:
        """Keep rounds of this project as a plan keeps finished jobs.

        Args:
            what: name for the table.
            setup: settings of their process.
            config: configuration of the model.
            answers: the rounds.
        """
        length = float(np.mean(sequences(setup).lengths))
        tokens = sum(one["tokens"] for one in answers)
        flops = forward_flops(shape_of_config(config), tokens, length)
        if not setup.predict:
            flops *= training_factor({})
        units = len(answers) * (1 if setup.predict else setup.steps)
        job = Finished(
            study="benchmark",
            product=what,
            kind="prediction" if setup.predict else "training",
            device=canonical(self.card),
            precision=setup.precision,
            work=Work(flops, units, tokens),
            seconds=sum(one["wall"] for one in answers),
        )
        self.finished.append(job)


def full_length_estimate(context: Context, config: Config, adapters: AdapterShape | None) -> int:
    """Estimated bytes of training on the full-length workload."""
    shape: EncoderShape = shape_of_config(config)
    rows = context.sizes.distinct_tokens
    pruned = not adapters and is_worthwhile(rows, shape.vocabulary, shape.embedding_width)
    return estimate(
        Workload(
            shape=shape,
            max_tokens=FULL_LENGTH_TOKENS,
            length=WORKLOADS["full-length"].max_length,
            device="cpu" if context.device == "cpu" else "gpu",
            half=context.precision == "bf16",
            adapters=adapters,
            trained_rows=rows if pruned else None,
        )
    ).total


def threads() -> int:
    """Threads of each process: two of them run at a time."""
    return max(1, (os.cpu_count() or 2) // 2)
