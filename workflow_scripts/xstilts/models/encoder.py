"""The shared encoder: randomly initialised, or loaded completely from a Hugging Face folder."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from xstilts.errors import UserError
from xstilts.files import atomic_path, read_json, write_json, write_text
from xstilts.models.adapter_files import is_adapter, merge_adapter, parent_of
from xstilts.models.roberta import RobertaConfig, RobertaEncoder, supports

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

PreTrainedModel = Any
"""A model of transformers or of ``models.roberta``; importing transformers' type takes seconds."""

# Imported by module path: transformers' lazy import would also load Trainer and generation code.
_KNOWN = {
    "xlm-roberta": ("transformers.models.xlm_roberta.modeling_xlm_roberta", "XLMRobertaModel"),
    "roberta": ("transformers.models.roberta.modeling_roberta", "RobertaModel"),
    "bert": ("transformers.models.bert.modeling_bert", "BertModel"),
    # AutoModel would build the decoder too
    "mt5": ("transformers.models.mt5.modeling_mt5", "MT5EncoderModel"),
    "umt5": ("transformers.models.umt5.modeling_umt5", "UMT5EncoderModel"),
    "t5": ("transformers.models.t5.modeling_t5", "T5EncoderModel"),
}

_OTHER_PARTS = (
    "pooler.",
    "lm_head.",
    "cls.",
    "classifier.",
    "qa_outputs.",
    "embeddings.position_ids",
)
"""Prefixes of weights of a checkpoint that do not belong to the encoder."""

_OTHER_BY_TYPE = {
    **dict.fromkeys(("mt5", "umt5", "t5"), ("decoder.",)),
    # its head for masked language modelling
    "modernbert": ("decoder.", "head."),
}
"""The same for single model types: in others, these prefixes belong to the encoder."""


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
    return RobertaEncoder(RobertaConfig(shape)).initialise()


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
    return _load_whole(folder)


def _load_whole(folder: Path) -> PreTrainedModel:
    """Load an encoder from a folder with all its weights."""
    config = read_json(folder / "config.json")
    if supports(config) and (folder / "model.safetensors").is_file():
        return _load_roberta(folder, config)
    model_class = _model_class(folder, config.get("model_type"))
    # the pooler belongs to the pretraining head
    has_pooler = "add_pooling_layer" in inspect.signature(model_class.__init__).parameters
    options: dict[str, Any] = {"add_pooling_layer": False} if has_pooler else {}
    logging = importlib.import_module("transformers.utils.logging")
    logging.disable_progress_bar()
    verbosity = logging.get_verbosity()
    # mismatches raise an error below instead of a warning in the log
    logging.set_verbosity_error()
    try:
        model, report = model_class.from_pretrained(
            folder,
            dtype=torch.float32,
            local_files_only=True,
            output_loading_info=True,
            # reported below with the rest, instead of transformers' error without names
            ignore_mismatched_sizes=True,
            **options,
        )
    except OSError as error:
        raise UserError(f"{folder}: the model cannot be loaded ({error}).") from error
    finally:
        logging.set_verbosity(verbosity)
    _require_complete(folder, report, model.config.model_type)
    # a causal language model would otherwise return a key-value cache
    model.config.use_cache = False
    return model


def _load_roberta(folder: Path, config: Mapping[str, Any]) -> RobertaEncoder:
    """Load the encoder of a one-file XLM-R or RoBERTa checkpoint, without transformers."""
    model = RobertaEncoder(RobertaConfig(config))
    wanted = {name: tensor.shape for name, tensor in model.state_dict().items()}
    prefix = "roberta."
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        # checkpoints with a head have their encoder under this prefix
        found = {key.removeprefix(prefix): file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    shapes = {key: tensor.shape for key, tensor in found.items()}
    report = {
        "missing_keys": [key for key in wanted if key not in found],
        "unexpected_keys": [key for key in found if key not in wanted],
        "mismatched_keys": [(k,) for k in wanted if k in shapes and shapes[k] != wanted[k]],
    }
    _require_complete(folder, report)
    weights = {key: found[key].to(torch.float32) for key in wanted}
    model.load_state_dict(weights, assign=True)
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    return model


def _require_complete(folder: Path, report: Mapping[str, Any], model_type: str = "") -> None:
    """Raise a UserError unless each weight of the encoder came from the checkpoint."""
    others = _OTHER_BY_TYPE.get(model_type, ())
    unexpected = [key for key in report["unexpected_keys"] if not key.startswith(others)]
    problems = {
        "missing": _of_encoder(report["missing_keys"]),
        "unexpected": _of_encoder(unexpected),
        "of another shape": sorted(str(entry[0]) for entry in report["mismatched_keys"]),
    }
    found = [f"{len(keys)} {what}: {_some(keys)}" for what, keys in problems.items() if keys]
    if found:
        raise UserError(
            f"{folder}: the checkpoint does not fit its config.json; weights {'; '.join(found)}. "
            "Training would start from random weights. Check model_type and the prefix of names."
        )


def _of_encoder(keys: Iterable[str]) -> list[str]:
    """Return the names that belong to the encoder."""
    return sorted(key for key in keys if not any(part in f".{key}" for part in _DOTTED))


_DOTTED = tuple(f".{part}" for part in _OTHER_PARTS)


def _some(keys: list[str]) -> str:
    return ", ".join(keys[:5]) + (", ..." if len(keys) > 5 else "")


def _model_class(folder: Path, model_type: str | None) -> Any:
    """Return the encoder class of a model type; transformers' mapping for less common ones.

    Raises:
        UserError: transformers does not know the type.
    """
    if model_type in _KNOWN:
        module, name = _KNOWN[model_type]
        return getattr(importlib.import_module(module), name)
    transformers = importlib.import_module("transformers")
    try:
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
        return transformers.MODEL_MAPPING[type(config)]
    except (ValueError, KeyError, OSError) as error:
        raise UserError(
            f"{folder / 'config.json'}: transformers {transformers.__version__} cannot build "
            f"model_type {model_type!r} ({error!s:.200})."
        ) from error


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
    if isinstance(model, RobertaEncoder):
        write_json(folder / "config.json", {**model.config.raw, "dtype": "float32"})
        return
    model.config.architectures = [type(model).__name__]
    model.config.dtype = torch.float32
    write_text(folder / "config.json", model.config.to_json_string())


def enable_gradient_checkpointing(model: PreTrainedModel) -> None:
    """Make training recompute each layer's activations in the backward pass.

    Dropout masks are drawn again from the same state, so that the result is the same.
    """
    if isinstance(model, RobertaEncoder):
        model.checkpointing = True
    else:
        model.gradient_checkpointing_enable({"use_reentrant": False})


def max_positions(model: PreTrainedModel) -> int:
    """Return the longest sequence in tokens that the model has positions for."""
    config = model.config
    limit = int(getattr(config, "max_position_embeddings", 1 << 30))
    if config.model_type in {"xlm-roberta", "roberta", "xlm-roberta-xl", "camembert"}:
        return limit - config.pad_token_id - 1
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
