"""The settings of one implementation of one workload: plain values, sent to its process as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from xstilts.models.shape import EncoderShape


@dataclass(frozen=True, kw_only=True)
class Setup:
    """The settings of a worker."""

    workload: str
    way: str
    """``ours`` with or without -compiled, -transformers or -unpruned; trainer-default or -best;
    peak; or the name of a job in ``jobs.py``, which is one round."""
    precision: Literal["fp32", "bf16"]
    device: str
    threads: int
    layers: int
    width: int
    vocab: int
    distinct_tokens: int
    """Different tokens in a training set: the rows that vocabulary pruning keeps."""
    steps: int
    """Steps of a round over all tasks, which have equal shares."""
    examples: int
    """Examples per language in evaluation."""
    max_tokens: int
    model: str = ""
    """Folder of a checkpoint to start from; empty for random weights of XLM-R's architecture."""
    part: int = 0
    """Index of the task, for implementations that train on a single task."""
    predict: bool = False
    """Predict the workload's sequences in each round, with a model in memory, instead of training
    on them."""
    loaders: int = 0
    """Processes that prepare Trainer's batches."""
    lora: bool = False
    """Train adapters instead of all weights."""
    quantise: Literal["4bit"] | None = None
    """Quantisation of the weights next to adapters."""
    config: dict[str, Any] = field(default_factory=dict)
    """Configuration of the model that the job ``model`` writes, with transformers' keys."""
    deterministic: bool = False
    """Allow only kernels that give equal bits in every run."""
    kill_at: int = 0
    """Step at which the job ``stage`` kills its own process; 0 for none."""
    against: str = ""
    """Folder of a finished job ``stage`` whose weights are compared with."""

    @property
    def heads(self) -> int:
        """Number of attention heads, each of dimension 64."""
        return self.width // 64

    @property
    def shape(self) -> EncoderShape:
        """Shape of the encoder."""
        return EncoderShape(
            width=self.width,
            layers=self.layers,
            heads=self.heads,
            inner=4 * self.width,
            vocabulary=self.vocab,
            positions=514,
        )

    @property
    def architecture(self) -> dict[str, int | float]:
        """The encoder's settings, as ``build_encoder`` takes them."""
        return {
            "vocab_size": self.vocab,
            "hidden_size": self.width,
            "num_layers": self.layers,
            "num_heads": self.heads,
            "intermediate_size": 4 * self.width,
            "max_length": 512,
            "dropout": 0.1,
        }
