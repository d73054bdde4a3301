"""Loading of checkpoints: every weight of the encoder from the file, or an error.

Types that ``models.bert`` implements are built without transformers.
"""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

import torch
from safetensors import safe_open

from xstilts.errors import UserError
from xstilts.files import read_json
from xstilts.models.bert import BertEncoder
from xstilts.models.bert_config import BertConfig, supports
from xstilts.models.deberta import use_occurring_positions
from xstilts.models.dropout import use_dropout
from xstilts.models.untrusted import weight_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

PreTrainedModel = Any
"""A model of transformers or of ``models.bert``; importing transformers' type takes seconds."""

# Imported by module path: transformers' lazy import would also load Trainer and generation code.
_KNOWN = {
    "xlm-roberta": ("transformers.models.xlm_roberta.modeling_xlm_roberta", "XLMRobertaModel"),
    "roberta": ("transformers.models.roberta.modeling_roberta", "RobertaModel"),
    "bert": ("transformers.models.bert.modeling_bert", "BertModel"),
    "deberta-v2": ("transformers.models.deberta_v2.modeling_deberta_v2", "DebertaV2Model"),
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
    # heads of the pretraining of ELECTRA and DeBERTa
    "discriminator_predictions.",
    "generator_predictions.",
    "generator_lm_head.",
    "lm_predictions.",
    "mask_predictions.",
)
"""Prefixes of weights of a checkpoint that do not belong to the encoder."""

_OTHER_BY_TYPE = {
    **dict.fromkeys(("mt5", "umt5", "t5"), ("decoder.",)),
    # its head for masked language modelling
    "modernbert": ("decoder.", "head."),
    # a table that pretraining shared with its generator; in released mDeBERTa-v3
    "deberta-v2": ("deberta.embeddings.word_embeddings._weight",),
}
"""The same for single model types: in others, these prefixes belong to the encoder."""

_PREFIX = {"bert": "bert.", "electra": "electra.", "data2vec-text": "data2vec_text."}
"""By model type: prefix of the encoder's weights in checkpoints with a head; else ``roberta.``."""

_OLD_NAMES = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}
"""Names in checkpoints converted from the original code of BERT, to transformers'."""


def load_whole(folder: Path) -> PreTrainedModel:
    """Return the encoder of a folder with all its weights, in fp32.

    Raises:
        UserError: a weight of the encoder is missing or unexpected, or the type is unknown.
    """
    config = read_json(folder / "config.json")
    if not supports(config):
        return _load_transformers(folder, config)
    if (folder / "model.safetensors").is_file():
        return _with_weights(config, _read_weights(folder, config))
    # other formats: several files, or pickles
    return _with_weights(config, _load_transformers(folder, config).state_dict())


def _load_transformers(folder: Path, config: Mapping[str, Any]) -> PreTrainedModel:
    """Load an encoder by transformers, with this project's dropout."""
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
        _require_stored_sizes(folder, model_class, options)
        model, report = model_class.from_pretrained(
            folder,
            dtype=torch.float32,
            local_files_only=True,
            trust_remote_code=False,
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
    use_dropout(model)
    if config.get("model_type") == "deberta-v2":
        use_occurring_positions(model)
    return model


def _require_stored_sizes(folder: Path, model_class: Any, options: Mapping[str, Any]) -> None:
    """Raise a UserError if a model has far more weights than its checkpoint stores.

    The missing ones would be made in memory before they are reported.
    """
    config = model_class.config_class.from_pretrained(folder, local_files_only=True)
    with torch.device("meta"):
        model = model_class(config, **options)
    tensors = [*model.named_parameters(), *model.named_buffers()]
    name, largest = max(tensors, key=lambda item: item[1].numel())
    stored = sum(file.stat().st_size for file in weight_files(folder))
    # no format takes less than half a byte per weight, and layers may share theirs
    if sum(tensor.numel() for _, tensor in tensors) > 8 * stored > 0:
        raise UserError(
            f"{folder / 'config.json'}: {name} has {largest.numel():,} weights, more than the "
            f"checkpoint ({stored:,} bytes). One of the files is that of another model. Copy or "
            "download it again."
        )


def _read_weights(folder: Path, config: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """Read the encoder of a one-file checkpoint that ``models.bert`` implements."""
    with torch.device("meta"):
        model = BertEncoder(BertConfig(config))
    wanted = {name: tensor.shape for name, tensor in model.state_dict().items()}
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        found = {_own_name(key, config): file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    shapes = {key: tensor.shape for key, tensor in found.items()}
    report = {
        "missing_keys": [key for key in wanted if key not in found],
        "unexpected_keys": [key for key in found if key not in wanted],
        "mismatched_keys": [(k,) for k in wanted if k in shapes and shapes[k] != wanted[k]],
    }
    _require_complete(folder, report)
    return {key: found[key].to(torch.float32) for key in wanted}


def _own_name(key: str, config: Mapping[str, Any]) -> str:
    """Return a weight's name in ``models.bert`` from that in a checkpoint."""
    name = key.removeprefix(_PREFIX.get(config["model_type"], "roberta."))
    for old, new in _OLD_NAMES.items():
        if name.endswith(old):
            name = name.removesuffix(old) + new
    return name


def _with_weights(config: Mapping[str, Any], weights: Mapping[str, torch.Tensor]) -> BertEncoder:
    """Return the encoder of a configuration with these weights, which are not copied."""
    with torch.device("meta"):
        model = BertEncoder(BertConfig(config))
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
        config = transformers.AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        return transformers.MODEL_MAPPING[type(config)]
    except (ValueError, KeyError, OSError) as error:
        raise UserError(
            f"{folder / 'config.json'}: transformers {transformers.__version__} cannot build "
            f"model_type {model_type!r} ({error!s:.200})."
        ) from error
