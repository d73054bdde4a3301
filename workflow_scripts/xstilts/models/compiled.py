"""BERT and XLM-R with layers compiled by ``torch.compile`` in training (recipe: ``compile``).

One graph with dynamic shapes serves all layers and lengths. Rounding differs from that of eager
layers, and dropout draws other masks.
"""

from __future__ import annotations

import os
import shutil
from functools import partial
from typing import Any

import torch

from xstilts.errors import UserError
from xstilts.models.bert import BertEncoder
from xstilts.models.families import BERT_TYPES


def use_compiler(encoder: Any, device: torch.device) -> None:
    """Make an encoder train with compiled layers; they are compiled at the first step.

    Evaluation uses the eager layers, so that dev scores are those of the published model.

    Raises:
        UserError: the encoder has another architecture or trains without padding, or no C++
            compiler is found, which ``torch.compile`` needs on a CPU.
    """
    if not isinstance(encoder, BertEncoder):
        raise UserError(
            f"compile: only {', '.join(BERT_TYPES)} can be compiled, found model_type "
            f"{encoder.config.model_type}. Leave it out for this model."
        )
    if encoder.packed is not None:
        raise UserError("compile: cannot be combined with padding_free. Choose one of the two.")
    compiler = os.environ.get("CXX", "g++")
    if device.type == "cpu" and shutil.which(compiler) is None:
        raise UserError(
            f"compile: no C++ compiler {compiler} found. Install it, name another in the "
            "environment variable CXX, or leave compile out."
        )
    compiled = torch.compile(_layer, dynamic=True)
    for layer in encoder.layers:
        layer.forward = partial(_run, layer, compiled)  # type: ignore[method-assign]


def _run(
    layer: Any, compiled: Any, hidden_BTD: torch.Tensor, mask_B11T: torch.Tensor | None
) -> torch.Tensor:
    """Return a layer's output, in training by the compiled function."""
    result: torch.Tensor = (compiled if layer.training else _layer)(layer, hidden_BTD, mask_B11T)
    return result


def _layer(layer: Any, hidden_BTD: torch.Tensor, mask_B11T: torch.Tensor | None) -> torch.Tensor:
    result: torch.Tensor = type(layer).forward(layer, hidden_BTD, mask_B11T)
    return result
