"""The encoder of XLM-R and RoBERTa in plain torch, with the names and numbers of transformers.

transformers costs every process about four seconds of imports, as much as many a stage of a small
study needs for its work. Weights, configuration and outputs are those of ``XLMRobertaModel``
without its pooler; a test compares the two.

Shapes: B sequences, T tokens, D width, H heads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from xstilts.models.dropout import Dropout, dropout

MODEL_TYPES = ("xlm-roberta", "roberta")

_REQUIRED = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
             "intermediate_size", "max_position_embeddings")  # fmt: skip


@dataclass(frozen=True)
class RobertaConfig:
    """What of a Hugging Face ``config.json`` shapes the encoder; ``raw`` is all of it."""

    raw: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        """A key of the configuration, or its default in transformers."""
        try:
            return {**_DEFAULTS, **self.raw}[name]
        except KeyError:
            raise AttributeError(f"the configuration has no {name!r}") from None


_DEFAULTS: dict[str, Any] = {
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
    "classifier_dropout": None,
    "initializer_range": 0.02,
    "layer_norm_eps": 1e-12,
    "pad_token_id": 1,
    "type_vocab_size": 2,
}


def supports(config: Mapping[str, Any]) -> bool:
    """Whether this module computes the model of a ``config.json``."""
    return (
        config.get("model_type") in MODEL_TYPES
        and config.get("hidden_act", "gelu") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder", False)
        and all(key in config for key in _REQUIRED)
    )


class _Linear(nn.Linear):
    """A linear layer that is filled by :meth:`RobertaEncoder.initialise` or from a checkpoint."""

    def reset_parameters(self) -> None:
        pass


class _Embedding(nn.Embedding):
    """An embedding that is filled by :meth:`RobertaEncoder.initialise` or from a checkpoint."""

    def reset_parameters(self) -> None:
        pass


class _Embeddings(nn.Module):
    def __init__(self, config: RobertaConfig) -> None:
        super().__init__()
        width, self.pad_id = config.hidden_size, config.pad_token_id
        self.word_embeddings = _Embedding(config.vocab_size, width, padding_idx=self.pad_id)
        self.position_embeddings = _Embedding(
            config.max_position_embeddings, width, padding_idx=self.pad_id
        )
        self.token_type_embeddings = _Embedding(config.type_vocab_size, width)
        self.LayerNorm = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.dropout = Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids_BT: torch.Tensor, types_BT: torch.Tensor | None) -> torch.Tensor:
        # positions count from padding_idx + 1, over real tokens only
        real_BT = (input_ids_BT != self.pad_id).int()
        positions_BT = (real_BT.cumsum(1) * real_BT + self.pad_id).long()
        return self.at(input_ids_BT, positions_BT, types_BT)

    def at(
        self, ids: torch.Tensor, positions: torch.Tensor, types: torch.Tensor | None
    ) -> torch.Tensor:
        """Embeddings of tokens, in any shape, at positions counted from padding_idx + 1."""
        if types is None:
            types = torch.zeros_like(ids)
        hidden = self.word_embeddings(ids) + self.token_type_embeddings(types)
        hidden = hidden + self.position_embeddings(positions)
        result: torch.Tensor = self.dropout(self.LayerNorm(hidden))
        return result


class _SelfAttention(nn.Module):
    def __init__(self, config: RobertaConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.heads, self.rate = config.num_attention_heads, config.attention_probs_dropout_prob
        self.query, self.key, self.value = (_Linear(width, width) for _ in range(3))

    def forward(self, hidden_BTD: torch.Tensor, mask_B11T: torch.Tensor | None) -> torch.Tensor:
        return self.mix(*self.maps(hidden_BTD), mask_B11T)

    def maps(self, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries, keys and values of tokens, in any shape before the width."""
        device = hidden.device.type
        if torch.is_autocast_enabled(device):
            # once instead of by each of the three
            hidden = hidden.to(torch.get_autocast_dtype(device))
        return self.query(hidden), self.key(hidden), self.value(hidden)

    def mix(
        self,
        query_BTD: torch.Tensor,
        key_BTD: torch.Tensor,
        value_BTD: torch.Tensor,
        mask_B11T: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """What each token takes from those of its sequence, B x T x D."""
        batch, length, width = query_BTD.shape
        query, key, value = (
            part.view(batch, length, self.heads, -1).transpose(1, 2)
            for part in (query_BTD, key_BTD, value_BTD)
        )
        rate = self.rate if self.training else 0.0
        # with dropout torch has no kernel for a CPU, and computes it in parts and in fp32
        in_parts = rate and query.device.type == "cpu" and not torch.compiler.is_compiling()
        attend = _eager_attention if in_parts else functional.scaled_dot_product_attention
        mixed = attend(query, key, value, attn_mask=mask_B11T, dropout_p=rate)
        return mixed.transpose(1, 2).reshape(batch, length, width)


def _eager_attention(
    query_BHTD: torch.Tensor,
    key_BHTD: torch.Tensor,
    value_BHTD: torch.Tensor,
    *,
    attn_mask: torch.Tensor | None,
    dropout_p: float,
) -> torch.Tensor:
    """Torch's ``scaled_dot_product_attention``, in the precision of the surrounding autocast."""
    query_BHTD = query_BHTD * query_BHTD.shape[-1] ** -0.5
    scores_BHTT = query_BHTD @ key_BHTD.transpose(-1, -2)
    if attn_mask is not None:
        scores_BHTT = scores_BHTT.masked_fill_(~attn_mask, float("-inf"))
    return dropout(scores_BHTT.softmax(-1), dropout_p) @ value_BHTD


class _Output(nn.Module):
    """Linear, dropout, residual, LayerNorm: the end of both halves of a layer."""

    def __init__(self, width_in: int, config: RobertaConfig) -> None:
        super().__init__()
        self.dense = _Linear(width_in, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = Dropout(config.hidden_dropout_prob)

    def forward(self, inner: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.LayerNorm(self.dropout(self.dense(inner)) + residual)
        return result


class _Layer(nn.Module):
    def __init__(self, config: RobertaConfig) -> None:
        super().__init__()
        # the names of transformers: attention.self, attention.output, intermediate.dense, output
        self.attention = nn.ModuleDict(
            {"self": _SelfAttention(config), "output": _Output(config.hidden_size, config)}
        )
        self.intermediate = nn.ModuleDict(
            {"dense": _Linear(config.hidden_size, config.intermediate_size)}
        )
        self.output = _Output(config.intermediate_size, config)

    def forward(self, hidden_BTD: torch.Tensor, mask_B11T: torch.Tensor | None) -> torch.Tensor:
        return self.after(self.attention["self"](hidden_BTD, mask_B11T), hidden_BTD)

    def after(self, attended: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        """The rest of the layer, which takes each token by itself; any shape before the width."""
        hidden = self.attention["output"](attended, hidden)
        inner = functional.gelu(self.intermediate["dense"](hidden))
        result: torch.Tensor = self.output(inner, hidden)
        return result


@dataclass
class Output:
    """What the encoder returns, by transformers' names."""

    last_hidden_state: torch.Tensor
    hidden_states: tuple[torch.Tensor, ...]
    """Embeddings and every layer; only the last one unless all were asked for."""


class RobertaEncoder(nn.Module):
    """Embeddings and layers of XLM-R or RoBERTa."""

    def __init__(self, config: RobertaConfig) -> None:
        """Allocate the weights; they are not filled yet."""
        super().__init__()
        self.config = config
        self.embeddings = _Embeddings(config)
        self.layers = [_Layer(config) for _ in range(config.num_hidden_layers)]
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(self.layers)})
        self.packed: Callable[..., torch.Tensor] | None = None
        """Takes over from the layers in training where there is padding (``models.packed``)."""
        self.checkpointing = False
        """Whether training keeps each layer's input only and computes the rest again."""

    def initialise(self) -> RobertaEncoder:
        """Fill in random weights from torch's current seed, as transformers does."""
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=self.config.initializer_range)
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)
            if isinstance(module, nn.Embedding) and module.padding_idx is not None:
                with torch.no_grad():
                    module.weight[module.padding_idx].zero_()
        return self

    def get_input_embeddings(self) -> nn.Embedding:
        """The token embeddings."""
        return self.embeddings.word_embeddings

    def run_layer(self, layer: Callable[..., torch.Tensor], *inputs: Any) -> torch.Tensor:
        """Output of a layer, which keeps its input alone if layers are computed again."""
        if self.checkpointing and self.training:
            again: torch.Tensor = checkpoint(layer, *inputs, use_reentrant=False)
            return again
        result: torch.Tensor = layer(*inputs)
        return result

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        token_type_ids: torch.Tensor | None = None,
        *,
        output_hidden_states: bool = False,
        return_dict: bool = True,
    ) -> Output:
        """Hidden states, each batch x tokens x width."""
        assert return_dict
        if self.packed and self.training and not bool(attention_mask.all()):
            assert not output_hidden_states
            last = self.packed(self, input_ids, attention_mask, token_type_ids)
            return Output(last, (last,))
        hidden = self.embeddings(input_ids, token_type_ids)
        # without padding no mask is needed, and attention takes its fastest way
        mask = None
        if not bool(attention_mask.all()):
            mask = attention_mask.bool()[:, None, None, :]
        states = [hidden]
        for layer in self.layers:
            hidden = self.run_layer(layer, hidden, mask)
            if output_hidden_states:
                states.append(hidden)
        return Output(hidden, tuple(states) if output_hidden_states else (hidden,))
