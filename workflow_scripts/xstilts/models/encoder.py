"""The shared encoder: randomly initialised, or loaded completely from a Hugging Face folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file

from xstilts.errors import UserError
from xstilts.files import atomic_path, write_json, write_text
from xstilts.models.adapter_files import is_adapter, merge_adapter, parent_of
from xstilts.models.bert import BertEncoder
from xstilts.models.bert_config import BertConfig
from xstilts.models.checkpoint import PreTrainedModel, load_whole
from xstilts.models.families import COUNTED_FROM_PADDING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def build_encoder(architecture: Mapping[str, Any]) -> PreTrainedModel:
    """Return a new encoder of XLM-R's architecture, random from torch's current seed.

    Args:
        architecture: ``vocab_size``, ``hidden_size``, ``num_layers``, ``num_heads``,
            ``intermediate_size``, ``max_length`` (tokens) and ``dropout``.
    """
    shape = {
        "model_type": "xlm-roberta",
        "architectures": ["XLMRobertaModel"],
        "vocab_size": architecture["vocab_size"],
        "hidden_size": architecture["hidden_size"],
        "num_hidden_layers": architecture["num_layers"],
        "num_attention_heads": architecture["num_heads"],
        "intermediate_size": architecture["intermediate_size"],
        # XLM-R counts positions from pad_token_id + 1
        "max_position_embeddings": architecture["max_length"] + 2,
        "hidden_dropout_prob": architecture["dropout"],
        "attention_probs_dropout_prob": architecture["dropout"],
        "type_vocab_size": 1,
        "layer_norm_eps": 1e-5,
        "bos_token_id": 0,
        "pad_token_id": 1,
        "eos_token_id": 2,
    }
    return BertEncoder(BertConfig(shape)).initialise()


def load_encoder(folder: Path, *, as_trained: bool = False) -> PreTrainedModel:
    """Return the encoder of a checkpoint, in fp32, with every weight from the checkpoint.

    Heads and poolers in the checkpoint are ignored. Adapters are merged into the weights of their
    parent, in memory.

    Args:
        folder: the checkpoint, or adapters of the model in another folder.
        as_trained: if the adapters were trained on quantised weights, return the quantised
            encoder with unmerged adapters, which the head was trained with. Otherwise, as for the
            next stage, adapters are merged in fp32.

    Raises:
        UserError: a weight of the encoder is missing or unexpected, for example because of another
            prefix of names. (jiant 2.2.0 left XLM-R random in that case: nyu-mll/jiant 1329.)
    """
    if is_adapter(folder):
        parent, quantised = parent_of(folder)
        encoder = load_encoder(parent)
        if quantised and as_trained:
            from xstilts.models.adapters import load_quantised

            load_quantised(encoder, folder, quantised)
        else:
            merge_adapter(encoder, folder)
        return encoder
    return load_whole(folder)


def save_encoder(model: PreTrainedModel, folder: Path) -> None:
    """Write ``config.json`` and ``model.safetensors`` for ``AutoModel``.

    Equal weights give equal bytes.
    """
    weights: dict[str, torch.Tensor] = {}
    written: set[int] = set()
    for name, tensor in model.state_dict().items():
        # tied weights are written under their first name
        if tensor.data_ptr() not in written:
            weights[name] = tensor.detach().to("cpu").contiguous()
            written.add(tensor.data_ptr())
    with atomic_path(folder / "model.safetensors") as temporary:
        save_file(weights, temporary, metadata={"format": "pt"})
    if isinstance(model, BertEncoder):
        write_json(folder / "config.json", {**model.config.raw, "dtype": "float32"})
        return
    model.config.architectures = [type(model).__name__]
    model.config.dtype = torch.float32
    write_text(folder / "config.json", model.config.to_json_string())


def enable_gradient_checkpointing(model: PreTrainedModel) -> None:
    """Make training recompute each layer's activations in the backward pass.

    Dropout masks are drawn again from the same state, so that the result is the same.
    """
    if isinstance(model, BertEncoder):
        model.checkpointing = True
    else:
        model.gradient_checkpointing_enable({"use_reentrant": False})


def max_positions(model: PreTrainedModel) -> int:
    """Return the longest sequence in tokens that the model has positions for."""
    config = model.config
    limit = int(getattr(config, "max_position_embeddings", 1 << 30))
    if config.model_type in COUNTED_FROM_PADDING:
        return limit - int(config.pad_token_id) - 1
    return limit


def check_fit(model: PreTrainedModel, file: Path, longest: int, vocab_size: int) -> None:
    """Raise a UserError if the sequences of a token file do not fit the model.

    Args:
        model: an encoder.
        file: the token file, for the message.
        longest: tokens of its longest sequence.
        vocab_size: vocabulary size of the tokenizer that made it.

    Raises:
        UserError: the model has too few positions, or its vocabulary is too small.
    """
    if longest > max_positions(model):
        raise UserError(
            f"{file}: a sequence of {longest} tokens, but the model has {max_positions(model)} "
            f"positions. Set max_length of the task to {max_positions(model)} or less."
        )
    if vocab_size > model.config.vocab_size:
        raise UserError(
            f"{file}: made with a vocabulary of {vocab_size} tokens, but the model has "
            f"{model.config.vocab_size}. Use the model's own tokenizer."
        )


def input_embeddings(model: PreTrainedModel) -> torch.Tensor:
    """Return the matrix of token embeddings, vocabulary x width, which MLM heads share."""
    weight = model.get_input_embeddings().weight
    assert isinstance(weight, torch.Tensor)
    return weight


def hidden_states(
    model: PreTrainedModel, inputs: Mapping[str, torch.Tensor], *, every_layer: bool = False
) -> tuple[torch.Tensor, ...]:
    """Return the last hidden state, or those of all layers; each is batch x tokens x width.

    Args:
        model: an encoder.
        inputs: ``input_ids``, ``attention_mask`` and, for BERT, ``token_type_ids``.
        every_layer: return all ``num_layers + 1`` hidden states, the embeddings first.
    """
    output = model(**inputs, output_hidden_states=every_layer, return_dict=True)
    return tuple(output.hidden_states) if every_layer else (output.last_hidden_state,)
