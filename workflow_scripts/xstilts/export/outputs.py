"""Outputs of a model here and of its counterpart in transformers, on the same sentences."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from xstilts.models.encoder import hidden_states, input_embeddings, max_positions
from xstilts.tokens.texts_to_compare import TEXTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.export.trained import Trained
    from xstilts.tokens.tokenizer import FastTokenizer

Inputs = dict[str, torch.Tensor]
"""``input_ids``, ``attention_mask`` and, for BERT, ``token_type_ids``; each B x T."""

_LONGEST = 48
"""Tokens of the longest sequence to compare."""
_EVERY = 4
"""Distance between the sentences to compare, of those in over 20 scripts."""


def takes_types(encoder: Any, tokenizer: FastTokenizer) -> bool:
    """Return True if the encoder is given token types: those of one type ignore them."""
    return tokenizer.has_token_types and getattr(encoder.config, "type_vocab_size", 0) > 1


def sample(encoder: Any, tokenizer: FastTokenizer) -> Inputs:
    """Return pairs of sentences in several scripts as token ids, padded on the right."""
    # logits of masked language modelling are as many as the vocabulary for each token
    pairs = list(itertools.pairwise(TEXTS[::_EVERY]))
    longest = min(_LONGEST, max_positions(encoder))
    sequences, _ = tokenizer.sequences(pairs, longest)
    width = max(len(one.ids) for one in sequences)

    def padded(rows: Sequence[Sequence[int]], fill: int) -> torch.Tensor:
        return torch.tensor([[*row, *[fill] * (width - len(row))] for row in rows])

    inputs = {
        "input_ids": padded([one.ids for one in sequences], tokenizer.pad_id),
        "attention_mask": padded([[1] * len(one.ids) for one in sequences], 0),
    }
    if takes_types(encoder, tokenizer):
        inputs["token_type_ids"] = padded([one.type_ids for one in sequences], 0)
    return inputs


@torch.no_grad()
def outputs_here(trained: Trained, inputs: Inputs, kind: str) -> torch.Tensor:
    """Return the logits of this project's model for a kind; hidden states without a kind.

    Those of padding are zero.
    """
    (hidden_BTD,) = hidden_states(trained.encoder, inputs)
    head: Any = trained.head
    if not kind:
        return _without_padding(hidden_BTD, inputs)
    if kind in ("classification", "multiple_choice", "ranking"):
        logits: torch.Tensor = head(hidden_BTD, inputs["attention_mask"])
        return logits
    if kind == "mlm":
        return _without_padding(head(hidden_BTD, input_embeddings(trained.encoder)), inputs)
    return _without_padding(head(hidden_BTD), inputs)


@torch.no_grad()
def outputs_there(model: Any, inputs: Inputs, kind: str) -> torch.Tensor:
    """Return the same outputs of a model of transformers."""
    if kind == "multiple_choice":
        # one example whose choices are the sequences
        found = model(**{name: tensor.unsqueeze(0) for name, tensor in inputs.items()})
        return torch.as_tensor(found.logits).squeeze(0)
    found = model(**inputs)
    if kind == "classification":
        return torch.as_tensor(found.logits)
    if kind == "ranking":
        return functional.normalize(found.pooler_output, dim=-1)
    if kind == "span":
        return _without_padding(torch.stack([found.start_logits, found.end_logits], -1), inputs)
    return _without_padding(found.logits if kind else found.last_hidden_state, inputs)


def difference(here: torch.Tensor, there: torch.Tensor) -> float:
    """Return the largest difference of outputs, relative to the largest output if over 1."""
    if here.shape != there.shape:
        return float("inf")
    largest = (here - there).abs().max() / here.abs().max().clamp(min=1.0)
    return float(largest.nan_to_num(float("inf")))


def _without_padding(values_BTX: torch.Tensor, inputs: Inputs) -> torch.Tensor:
    return values_BTX * inputs["attention_mask"].unsqueeze(-1)
