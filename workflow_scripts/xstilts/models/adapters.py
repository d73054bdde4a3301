"""LoRA on an encoder, through peft: the encoder's own weights are frozen, adapters are trained.

Embeddings, LayerNorms and biases stay as they are, too. Imported by the stages that ask for
adapters, and by name: peft costs a process five seconds, and its code is no part of the identity of
stages that do without.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

from torch import nn

from xstilts.errors import UserError, unknown
from xstilts.files import read_json
from xstilts.models.adapter_files import CONFIG, read_adapter, write_adapter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import torch

    from xstilts.config.adapters import Lora

_NAME = "default"
"""peft's own name for an adapter; it is not written."""


class Adapters:
    """The adapters in an encoder."""

    def __init__(self, encoder: nn.Module, lora: Lora) -> None:
        """Put them beside the encoder's linear layers, random from torch's current seed.

        They add nothing yet: the second matrix of each is zero.

        Raises:
            UserError: a name is that of no linear layer.
        """
        self.encoder, self.lora = encoder, lora
        self._config = {
            "peft_type": "LORA",
            "r": lora.rank,
            "lora_alpha": lora.alpha,
            "lora_dropout": lora.dropout,
            "target_modules": adapted_layers(encoder, lora.modules),
            "bias": "none",
        }
        self._tuner = _inject(encoder, self._config)

    def weights(self) -> dict[str, torch.Tensor]:
        """Both matrices of each adapter, by the name of its layer."""
        return {
            name.replace(f".{_NAME}.", "."): parameter.detach().to("cpu").contiguous()
            for name, parameter in self.encoder.named_parameters()
            if f".{_NAME}." in name
        }

    def merge(self) -> None:
        """Add them to the encoder's weights; the encoder is then an ordinary one."""
        self._tuner.merge_and_unload(progressbar=False)

    def write(self, folder: Path, *, parent: Path, home: Path) -> None:
        """Write the adapters alone (``xstilts.models.adapter_files``)."""
        write_adapter(
            self.weights(),
            self._config,
            folder,
            parent=parent,
            home=home,
            quantise=self.lora.quantise,
        )


def load_quantised(encoder: nn.Module, folder: Path, quantise_to: str) -> None:
    """Make of a parent's encoder the model that was trained: quantised, with adapters beside it."""
    quantise(encoder, quantise_to)
    _inject(encoder, {**read_json(folder / CONFIG), "lora_dropout": 0.0})
    weights = {
        name.replace(".weight", f".{_NAME}.weight"): tensor
        for name, tensor in read_adapter(folder).items()
    }
    encoder.load_state_dict(weights, strict=False)


def _inject(encoder: nn.Module, config: dict[str, Any]) -> Any:
    """Put adapters into the encoder and freeze the rest; returns peft's handle on them."""
    lora = importlib.import_module("peft.tuners.lora")
    return lora.LoraModel(encoder, lora.LoraConfig(**config), _NAME)


def linear_layers(encoder: nn.Module) -> list[str]:
    """Names of the layers that can be adapted, in the encoder's order."""
    return [
        name
        for name, module in encoder.named_modules()
        # GPT-2's kind of linear layer
        if isinstance(module, nn.Linear) or type(module).__name__ == "Conv1D"
    ]


def adapted_layers(encoder: nn.Module, modules: str | Sequence[str]) -> list[str]:
    """The layers that a recipe's ``modules`` stand for: all, or those whose names end with them.

    Raises:
        UserError: a name is that of no linear layer; names those that there are.
    """
    layers = linear_layers(encoder)
    if isinstance(modules, str):
        return layers
    for name in modules:
        if not any(_ends_with(layer, name) for layer in layers):
            ends = dict.fromkeys(layer.rpartition(".")[2] for layer in layers)
            raise unknown("linear layer of this model", name, ends, "lora.modules")
    return [layer for layer in layers if any(_ends_with(layer, name) for name in modules)]


def _ends_with(layer: str, name: str) -> bool:
    return f".{layer}".endswith(f".{name}")


# --- quantised weights --------------------------------------------------------------------------


def require_bitsandbytes() -> None:
    """Raise a UserError where the package that quantises is not installed."""
    if importlib.util.find_spec("bitsandbytes") is None:
        raise UserError(
            "lora.quantise needs the package bitsandbytes, which is not installed here: "
            "pip install bitsandbytes. Or leave `quantise` out."
        )


def quantise(encoder: nn.Module, to: str) -> None:
    """Make the linear layers quantised ones; their weights are rounded on the way to the device.

    In NF4 with quantised constants for ``4bit``, in LLM.int8 for ``8bit``.

    Raises:
        UserError: bitsandbytes is not installed.
    """
    require_bitsandbytes()
    bnb = importlib.import_module("bitsandbytes.nn")
    # T5 looks at the type of these weights in its forward pass
    kept = tuple(getattr(encoder, "_keep_in_fp32_modules", None) or ())
    for name, layer in list(encoder.named_modules()):
        place, _, child = name.rpartition(".")
        if not isinstance(layer, nn.Linear) or child in kept:
            continue
        size, bias = (layer.in_features, layer.out_features), layer.bias is not None
        if to == "4bit":
            new = bnb.Linear4bit(*size, bias=bias, quant_type="nf4", compress_statistics=True)
            new.weight = bnb.Params4bit(
                layer.weight.data, requires_grad=False, quant_type="nf4", compress_statistics=True
            )
        else:
            new = bnb.Linear8bitLt(*size, bias=bias, has_fp16_weights=False)
            new.weight = bnb.Int8Params(
                layer.weight.data, requires_grad=False, has_fp16_weights=False
            )
        new.bias = layer.bias
        setattr(encoder.get_submodule(place), child, new)
    # by this peft chooses the adapters for LLM.int8
    encoder.is_loaded_in_8bit = to == "8bit"  # type: ignore[assignment]
