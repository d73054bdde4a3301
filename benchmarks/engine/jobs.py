"""Jobs that are one round: no part of a training or prediction that goes on in rounds.

Each returns the seconds to report and the rest of its answer.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from clock import Clock, Seconds
from machine import bf16_is_quick, facts, matrix_product

from xstilts.device import device_name, device_of

if TYPE_CHECKING:
    from setup import Setup

    from xstilts.training.history import Step

Answer = tuple[Seconds, dict[str, Any]]


def peak(setup: Setup, _folder: Path) -> Answer:
    """Measure the matrix product: seconds are those of one operation."""
    return matrix_product(setup.device, setup.precision), {}


def machine(setup: Setup, _folder: Path) -> Answer:
    """Describe the machine and measure the matrix product in each precision that it has."""
    clock = Clock()
    precisions = ("fp32", "bf16") if bf16_is_quick(setup.device) else ("fp32",)
    return clock.seconds(), {
        "facts": facts(setup.device),
        "name": device_name(device_of(setup.device)),
        "peaks": {
            precision: 1 / matrix_product(setup.device, precision).wall for precision in precisions
        },
    }


def model(setup: Setup, folder: Path) -> Answer:
    """Write a randomly initialised model of a configuration in transformers' format."""
    from transformers import AutoConfig, AutoModel

    clock = Clock()
    config = AutoConfig.for_model(**setup.config)
    torch.manual_seed(0)
    # drawn on the device: a CPU takes half a minute for a billion numbers
    with torch.device(device_of(setup.device)):
        encoder = AutoModel.from_config(config)
    encoder.to(getattr(torch, setup.config.get("dtype", "float32"))).save_pretrained(folder)
    return clock.seconds(), {}


def stage(setup: Setup, folder: Path) -> Answer:
    """Train a stage and write its model, or resume it; the process may kill itself before that.

    The answer has the step from which training resumed and, with ``against``, the number of weights
    that differ from those of the model there, and the largest difference.
    """
    import ours

    from xstilts.training.loop import _Trainer

    clock = Clock()

    class Killed(_Trainer):
        """The trainer of a stage, whose process is killed at a step."""

        def _step(self, step: int, task: int, draw: int) -> Step:
            if step + 1 == setup.kill_at and not self.resumed_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return super()._step(step, task, draw)

    trainer = Killed(**ours.stage_of(setup, folder, setup.steps))
    trainer.run()
    written = folder / "model"
    trainer.write(written, written)
    found: dict[str, Any] = {"resumed_at": trainer.resumed_at}
    if setup.against:
        found |= difference(Path(setup.against) / "model", written)
    return clock.seconds(), found


def difference(before: Path, after: Path) -> dict[str, Any]:
    """Number of weights of two models that differ in any bit, and the largest difference."""
    from safetensors.torch import load_file

    count, largest = 0, 0.0
    for name in ("model.safetensors", "heads.safetensors"):
        old, new = load_file(before / name), load_file(after / name)
        if old.keys() != new.keys():
            raise ValueError(f"{before / name} and {after / name} have other tensors")
        for key, tensor in old.items():
            count += int((tensor.view(torch.int32) != new[key].view(torch.int32)).sum())
            largest = max(largest, float((tensor - new[key]).abs().max()))
    return {"different": count, "largest": largest}


def agreement(setup: Setup, folder: Path) -> Answer:
    """Predict in fp32 and in bf16 and compare predictions and logits.

    With random weights one class would be predicted for nearly all pairs. Therefore the mean logits
    of classes are subtracted first, through the bias of the output layer.
    """
    import ours

    clock = Clock()
    in_memory = ours.InMemory(setup, folder)
    if setup.workload == "classification":
        bias: torch.Tensor = in_memory.head.output.bias  # type: ignore[assignment, union-attr]
        with torch.no_grad():
            bias -= torch.cat(logits_of(in_memory, "fp32")[1]).mean(dim=0).to(bias.device)
    (full, full_logits), (half, half_logits) = (
        logits_of(in_memory, precision) for precision in ("fp32", "bf16")
    )
    gaps = torch.cat(
        [(a - b).abs().flatten() for a, b in zip(full_logits, half_logits, strict=True)]
    )
    # of the classes of a pair, or of the tokens as the first of an answer
    best = [(one[..., 0] if one.ndim == 3 else one).topk(2, dim=1).values for one in full_logits]
    margins = torch.cat([one[:, 0] - one[:, 1] for one in best])
    equal = [a == b for a, b in zip(full, half, strict=True)]
    return clock.seconds(), {
        "equal": sum(equal) / len(equal),
        "count": len(equal),
        "largest": float(gaps.max()),
        "median": float(gaps.median()),
        "margin": float(margins.median()),
    }


def logits_of(in_memory: Any, precision: Any) -> tuple[list[Any], list[torch.Tensor]]:
    """Predictions of all sequences, and the logits of each micro-batch."""
    found: list[torch.Tensor] = []
    hook = in_memory.head.register_forward_hook(
        lambda _head, _inputs, logits: found.append(logits.float().cpu())
    )
    table = in_memory.predict(precision)
    hook.remove()
    return table.column("prediction").to_pylist(), found
