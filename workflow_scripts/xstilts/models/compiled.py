"""XLM-R with layers that torch's compiler has fused: for training, by the recipe's ``compile``.

One program serves all layers and all lengths: sizes are symbols in it. Rounding differs from that
of the usual layers, and dropout draws other numbers.
"""

from __future__ import annotations

import os
import shutil
from functools import partial
from typing import Any

import torch

from xstilts.errors import UserError
from xstilts.models.roberta import RobertaEncoder


def use_compiler(encoder: Any, device: torch.device) -> None:
    """Make an encoder train with compiled layers; they are compiled at the first step.

    Evaluation uses the layers as they are, so that a stage's dev scores are those of its model.

    Raises:
        UserError: the encoder is of another architecture or trains without padding, or there is no
            compiler of C++, which programs for a CPU are written in.
    """
    if not isinstance(encoder, RobertaEncoder):
        raise UserError(
            f"compile: only xlm-roberta and roberta can be compiled, found model_type "
            f"{encoder.config.model_type}. Leave it out for this model."
        )
    if encoder.packed is not None:
        raise UserError("compile: not with padding_free. Choose one of the two.")
    compiler = os.environ.get("CXX", "g++")
    if device.type == "cpu" and shutil.which(compiler) is None:
        raise UserError(
            f"compile: there is no {compiler}. Install it, name another with the environment "
            "variable CXX, or leave compile out."
        )
    compiled = torch.compile(_layer, dynamic=True)
    for layer in encoder.layers:
        layer.forward = partial(_run, layer, compiled)  # type: ignore[method-assign]


def _run(
    layer: Any, compiled: Any, hidden_BTD: torch.Tensor, mask_B11T: torch.Tensor | None
) -> torch.Tensor:
    """A layer's output, from the compiled program in training."""
    result: torch.Tensor = (compiled if layer.training else _layer)(layer, hidden_BTD, mask_B11T)
    return result


def _layer(layer: Any, hidden_BTD: torch.Tensor, mask_B11T: torch.Tensor | None) -> torch.Tensor:
    result: torch.Tensor = type(layer).forward(layer, hidden_BTD, mask_B11T)
    return result
