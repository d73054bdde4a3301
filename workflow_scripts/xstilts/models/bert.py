"""The encoder of BERT, ELECTRA, RoBERTa and XLM-R, with the same weight names as transformers.

It avoids the import of transformers, about four seconds per process, which is as long as many
stages of a small study. It also allows training without padding (``models.packed``), cheap dropout
and compiled layers. Weights, configuration and outputs are those of transformers' model of each
type (``models.families.BERT_TYPES``) without its pooler; tests compare the two. The types differ in
where positions begin, and ELECTRA's may project embeddings to the size of the hidden states.

Shapes: B sequences, T tokens, D width, H heads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from xstilts.models.dropout import Dropout, dropout

if TYPE_CHECKING:
    from xstilts.models.bert_config import BertConfig


class _Linear(nn.Linear):
    """A linear layer initialised by :meth:`BertEncoder.initialise` or from a checkpoint."""

    def reset_parameters(self) -> None:
        pass


class _Embedding(nn.Embedding):
    """An embedding initialised by :meth:`BertEncoder.initialise` or from a checkpoint."""

    def reset_parameters(self) -> None:
        pass


class _Embeddings(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width, self.pad_id = config.embedding_width, config.pad_token_id
        self.from_padding = config.first_position > 0
        self.word_embeddings = _Embedding(config.vocab_size, width, padding_idx=self.pad_id)
        self.position_embeddings = _Embedding(
            config.max_position_embeddings,
            width,
            padding_idx=self.pad_id if self.from_padding else None,
        )
        self.token_type_embeddings = _Embedding(config.type_vocab_size, width)
        self.LayerNorm = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.dropout = Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids_BT: torch.Tensor, types_BT: torch.Tensor | None) -> torch.Tensor:
        if not self.from_padding:
            positions_T = torch.arange(input_ids_BT.shape[1], device=input_ids_BT.device)
            return self.embed(input_ids_BT, positions_T, types_BT)
        # positions count from padding_idx + 1, over real tokens only
        real_BT = (input_ids_BT != self.pad_id).int()
        positions_BT = (real_BT.cumsum(1) * real_BT + self.pad_id).long()
        return self.embed(input_ids_BT, positions_BT, types_BT)

    def embed(
        self, ids: torch.Tensor, positions: torch.Tensor, types: torch.Tensor | None
    ) -> torch.Tensor:
        """Return embeddings of tokens, in any shape, at rows of the table of positions."""
        # tokenizers of BERT number the texts of a pair also for RoBERTa models with a single type
        if types is None or self.token_type_embeddings.num_embeddings == 1:
            types = torch.zeros_like(ids)
        hidden = self.word_embeddings(ids) + self.token_type_embeddings(types)
        hidden = hidden + self.position_embeddings(positions)
        result: torch.Tensor = self.dropout(self.LayerNorm(hidden))
        return result


class _SelfAttention(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.heads, self.rate = config.num_attention_heads, config.attention_probs_dropout_prob
        self.query, self.key, self.value = (_Linear(width, width) for _ in range(3))

    def forward(self, hidden_BTD: torch.Tensor, mask_B11T: torch.Tensor | None) -> torch.Tensor:
        return self.attend(*self.project(hidden_BTD), mask_B11T)

    def project(self, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return queries, keys and values of tokens, in any shape before the width."""
        device = hidden.device.type
        if torch.is_autocast_enabled(device):
            # cast once instead of in each of the three layers
            hidden = hidden.to(torch.get_autocast_dtype(device))
        return self.query(hidden), self.key(hidden), self.value(hidden)

    def attend(
        self,
        query_BTD: torch.Tensor,
        key_BTD: torch.Tensor,
        value_BTD: torch.Tensor,
        mask_B11T: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the output of multi-head attention, B x T x D."""
        batch, length, width = query_BTD.shape
        query, key, value = (
            part.view(batch, length, self.heads, -1).transpose(1, 2)
            for part in (query_BTD, key_BTD, value_BTD)
        )
        rate = self.rate if self.training else 0.0
        # on a CPU, torch has no fused kernel with dropout, and its fallback computes in fp32
        eager = rate and query.device.type == "cpu" and not torch.compiler.is_compiling()
        attend = _eager_attention if eager else functional.scaled_dot_product_attention
        attended = attend(query, key, value, attn_mask=mask_B11T, dropout_p=rate)
        return attended.transpose(1, 2).reshape(batch, length, width)


def _eager_attention(
    query_BHTD: torch.Tensor,
    key_BHTD: torch.Tensor,
    value_BHTD: torch.Tensor,
    *,
    attn_mask: torch.Tensor | None,
    dropout_p: float,
) -> torch.Tensor:
    """Compute ``scaled_dot_product_attention`` in the precision of the enclosing autocast."""
    query_BHTD = query_BHTD * query_BHTD.shape[-1] ** -0.5
    scores_BHTT = query_BHTD @ key_BHTD.transpose(-1, -2)
    if attn_mask is not None:
        scores_BHTT = scores_BHTT.masked_fill_(~attn_mask, float("-inf"))
    return dropout(scores_BHTT.softmax(-1), dropout_p) @ value_BHTD


class _Output(nn.Module):
    """Linear, dropout, residual, LayerNorm: the end of the attention and feed-forward blocks."""

    def __init__(self, width_in: int, config: BertConfig) -> None:
        super().__init__()
        self.dense = _Linear(width_in, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = Dropout(config.hidden_dropout_prob)

    def forward(self, inner: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.LayerNorm(self.dropout(self.dense(inner)) + residual)
        return result


class _Layer(nn.Module):
    def __init__(self, config: BertConfig) -> None:
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
        return self.feed_forward(self.attention["self"](hidden_BTD, mask_B11T), hidden_BTD)

    def feed_forward(self, attended: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        """Return the layer's output from that of attention; any shape before the width."""
        hidden = self.attention["output"](attended, hidden)
        inner = functional.gelu(self.intermediate["dense"](hidden))
        result: torch.Tensor = self.output(inner, hidden)
        return result


@dataclass
class Output:
    """Output of the encoder, with transformers' names."""

    last_hidden_state: torch.Tensor
    hidden_states: tuple[torch.Tensor, ...]
    """Embeddings and the output of every layer; only the last unless all were requested."""


class BertEncoder(nn.Module):
    """Embeddings and layers of a model of ``BERT_TYPES``."""

    def __init__(self, config: BertConfig) -> None:
        """Allocate the weights without initialising them."""
        super().__init__()
        self.config = config
        self.embeddings = _Embeddings(config)
        self.embeddings_project: _Linear | None = None
        if config.embedding_width != config.hidden_size:
            self.embeddings_project = _Linear(config.embedding_width, config.hidden_size)
        self.layers = [_Layer(config) for _ in range(config.num_hidden_layers)]
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(self.layers)})
        self.packed: Callable[..., torch.Tensor] | None = None
        """Replaces the layers in training if the batch has padding (``models.packed``)."""
        self.checkpointing = False
        """True for gradient checkpointing: training keeps each layer's input only."""

    def initialise(self) -> BertEncoder:
        """Initialise the weights from torch's current seed, as transformers does."""
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
        """Return the token embeddings."""
        return self.embeddings.word_embeddings

    def project(self, embedded: torch.Tensor) -> torch.Tensor:
        """Return the first layer's input, in any shape before the width: projected in ELECTRA."""
        if self.embeddings_project is None:
            return embedded
        result: torch.Tensor = self.embeddings_project(embedded)
        return result

    def run_layer(self, layer: Callable[..., torch.Tensor], *inputs: Any) -> torch.Tensor:
        """Return the output of a layer, with gradient checkpointing if it is on."""
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
        """Return hidden states, each batch x tokens x width."""
        assert return_dict
        if self.packed and self.training and not bool(attention_mask.all()):
            assert not output_hidden_states
            last = self.packed(self, input_ids, attention_mask, token_type_ids)
            return Output(last, (last,))
        hidden = self.project(self.embeddings(input_ids, token_type_ids))
        # without padding no mask is needed, and attention uses its fastest kernel
        mask = None
        if not bool(attention_mask.all()):
            mask = attention_mask.bool()[:, None, None, :]
        states = [hidden]
        for layer in self.layers:
            hidden = self.run_layer(layer, hidden, mask)
            if output_hidden_states:
                states.append(hidden)
        return Output(hidden, tuple(states) if output_hidden_states else (hidden,))
