"""LoRA on an encoder, through peft: adapters are trained, the encoder's own weights are frozen.

Embeddings, LayerNorms and biases are frozen, too. Imported only by stages with adapters: importing
peft takes five seconds.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

from torch import nn

from xstilts.errors import UserError, unknown
from xstilts.files import read_json
from xstilts.models.adapter_files import CONFIG, read_adapter, write_adapter
from xstilts.models.shape import selected_layers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import torch

    from xstilts.config.adapters import Lora

_NAME = "default"
"""peft's default name of an adapter; it is not part of the written names."""


class Adapters:
    """The adapters in an encoder."""

    def __init__(self, encoder: nn.Module, lora: Lora) -> None:
        """Add adapters to the encoder's linear layers, random from torch's current seed.

        The second matrix of each is zero, so that outputs do not change yet.

        Raises:
            UserError: a name in ``modules`` matches no linear layer.
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
        """Return both matrices of each adapter, by the name of its layer."""
        return {
            name.replace(f".{_NAME}.", "."): parameter.detach().to("cpu").contiguous()
            for name, parameter in self.encoder.named_parameters()
            if f".{_NAME}." in name
        }

    def merge(self) -> None:
        """Merge the adapters into the encoder's weights and remove them."""
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
    """Quantise a parent's encoder and add the adapters of a folder: the model as it was trained."""
    quantise(encoder, quantise_to)
    _inject(encoder, {**read_json(folder / CONFIG), "lora_dropout": 0.0})
    weights = {
        name.replace(".weight", f".{_NAME}.weight"): tensor
        for name, tensor in read_adapter(folder).items()
    }
    encoder.load_state_dict(weights, strict=False)


def _inject(encoder: nn.Module, config: dict[str, Any]) -> Any:
    """Add adapters to the encoder and freeze the rest; return peft's tuner."""
    lora = importlib.import_module("peft.tuners.lora")
    return lora.LoraModel(encoder, lora.LoraConfig(**config), _NAME)


def linear_layers(encoder: nn.Module) -> list[str]:
    """Return the names of the layers that can be adapted, in the encoder's order."""
    return [
        name
        for name, module in encoder.named_modules()
        # Conv1D is GPT-2's linear layer
        if isinstance(module, nn.Linear) or type(module).__name__ == "Conv1D"
    ]


def adapted_layers(encoder: nn.Module, modules: str | Sequence[str]) -> list[str]:
    """Return the layers that a recipe's ``modules`` select: all, or those with these name endings.

    Raises:
        UserError: a name matches no linear layer; lists the existing ones.
    """
    layers = linear_layers(encoder)
    for name in () if isinstance(modules, str) else modules:
        if not selected_layers(layers, [name]):
            ends = dict.fromkeys(layer.rpartition(".")[2] for layer in layers)
            raise unknown("linear layer of this model", name, ends, "lora.modules")
    return selected_layers(layers, modules)


# --- quantised weights --------------------------------------------------------------------------


def require_bitsandbytes() -> None:
    """Raise a UserError if bitsandbytes is not installed."""
    if importlib.util.find_spec("bitsandbytes") is None:
        raise UserError(
            "lora.quantise needs the package bitsandbytes, which is not installed: "
            "pip install bitsandbytes. Or leave `quantise` out."
        )


def quantise(encoder: nn.Module, to: str) -> None:
    """Replace linear layers by quantised ones; weights are quantised when moved to the GPU.

    ``4bit`` is NF4 with double quantisation, ``8bit`` is LLM.int8.

    Raises:
        UserError: bitsandbytes is not installed.
    """
    require_bitsandbytes()
    bnb = importlib.import_module("bitsandbytes.nn")
    # T5 checks the dtype of these weights in its forward pass
    kept = tuple(getattr(encoder, "_keep_in_fp32_modules", None) or ())
    for name, layer in list(encoder.named_modules()):
        parent, _, child = name.rpartition(".")
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
        setattr(encoder.get_submodule(parent), child, new)
    # peft reads this to choose its adapters for LLM.int8
    encoder.is_loaded_in_8bit = to == "8bit"  # type: ignore[assignment]
