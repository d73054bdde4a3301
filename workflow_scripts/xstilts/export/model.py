"""The model of a stage as transformers' class for its head, or as a bare encoder."""

from __future__ import annotations

import copy
import importlib
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from xstilts.errors import UserError
from xstilts.export.heads import CLASSES, ENCODER, Layout, renamed
from xstilts.export.outputs import Inputs, difference, outputs_here, outputs_there
from xstilts.models.bert import BertEncoder

if TYPE_CHECKING:
    from xstilts.export.heads import HeadClass
    from xstilts.export.trained import Trained

TOLERANCE = 1e-4
"""Largest difference of outputs in fp32, relative to the largest output if that is over 1: sums are
rounded in another order."""


@dataclass(frozen=True, kw_only=True)
class Converted:
    """A model as transformers computes it."""

    model: Any
    head: HeadClass
    """The class of its head; ``ENCODER`` if there is none."""
    layout: Layout
    base: str
    """Attribute of the encoder in the model; empty if it is the model itself."""
    kind: str
    """Kind of the head that the model has; empty for a bare encoder."""
    difference: float
    """Largest difference to the outputs here."""


def convert(trained: Trained, inputs: Inputs) -> Converted:
    """Return transformers' model with the same outputs: with the head, else without.

    Args:
        trained: the model.
        inputs: token ids to compare the outputs on.

    Raises:
        UserError: not even the outputs of the encoder are the same.
    """
    wanted = CLASSES.get(trained.kind)
    attempts = [(wanted, layout, trained.kind) for layout in wanted.layouts] if wanted else []
    for head_class, layout, kind in (*attempts, (ENCODER, ENCODER.layouts[0], "")):
        if converted := _attempt(trained, head_class, layout, kind, inputs):
            return converted
    raise UserError(
        f"transformers' class for model_type {trained.encoder.config.model_type!r} computes other "
        "outputs than this project. Please report it with the name of the base model."
    )


def _attempt(
    trained: Trained, wanted: HeadClass, layout: Layout, kind: str, inputs: Inputs
) -> Converted | None:
    """Return the model of a class, if its weights have these names and its outputs are the same."""
    if (built := build(trained, wanted, layout, with_head=bool(kind))) is None:
        return None
    model, base = built
    here, there = outputs_here(trained, inputs, kind), outputs_there(model, inputs, kind)
    if (found := difference(here, there)) > TOLERANCE:
        return None
    return Converted(
        model=model, head=wanted, layout=layout, base=base, kind=kind, difference=found
    )


def build(
    trained: Trained, wanted: HeadClass, layout: Layout, *, with_head: bool
) -> tuple[Any, str] | None:
    """Return a model of transformers and the attribute of its encoder; None if names do not fit.

    Args:
        trained: gives the weights.
        wanted: class of the model.
        layout: names of the head's layers in it.
        with_head: False for a bare encoder, whose class may have other layers without weights.
    """
    config = _config(trained, layout, with_head=wanted is not ENCODER)
    if (model_class := _class_of(trained, wanted, config)) is None:
        return None
    # a bare encoder is loaded without the pooler that it lacks, where its class has one
    bare = wanted.auto == "AutoModel" and not (with_head and layout.layers)
    model = _on_meta(model_class, config, bare=bare)
    base = "" if wanted.auto == "AutoModel" else str(model.base_model_prefix)
    weights = {f"{base}.{k}".lstrip("."): v for k, v in trained.encoder.state_dict().items()}
    if with_head and trained.head is not None:
        weights |= renamed(layout, base, trained.head.state_dict())
    known = model.state_dict()
    fitting = {
        key: value
        for key, value in weights.items()
        if key in known and known[key].shape == value.shape
    }
    if len(fitting) < len(weights):
        return None
    model.load_state_dict(fitting, strict=False, assign=True)
    model.tie_weights()
    absent = [name for name, tensor in model.state_dict().items() if tensor.is_meta]
    if with_head and absent:
        return None
    return model.eval(), base


def _on_meta(model_class: Any, config: Any, *, bare: bool) -> Any:
    """Return a model of a class, without memory for weights; its buffers have their values."""
    init = importlib.import_module("transformers.initialization")
    options = {"add_pooling_layer": False} if bare and _has_pooler(model_class) else {}
    with init.no_init_weights():
        model = model_class(config, **options)
    for module in model.modules():
        for name, parameter in list(module._parameters.items()):
            if parameter is not None:
                module._parameters[name] = torch.nn.Parameter(
                    parameter.to("meta"), requires_grad=parameter.requires_grad
                )
    return model


def _has_pooler(model_class: Any) -> bool:
    return "add_pooling_layer" in inspect.signature(model_class.__init__).parameters


def _config(trained: Trained, layout: Layout, *, with_head: bool) -> Any:
    """Return transformers' configuration of the model, with the labels of its head."""
    auto = importlib.import_module("transformers.models.auto.configuration_auto").AutoConfig
    config = trained.encoder.config
    if isinstance(trained.encoder, BertEncoder):
        raw = dict(config.raw)
        config = auto.for_model(raw.pop("model_type"), **raw)
    config = copy.deepcopy(config)
    config.dtype = torch.float32
    if with_head:
        for name, value in layout.config.items():
            setattr(config, name, value)
        if trained.spec and trained.spec.labels:
            config.id2label = dict(enumerate(trained.spec.labels))
            config.label2id = {label: index for index, label in enumerate(trained.spec.labels)}
    return config


def _class_of(trained: Trained, wanted: HeadClass, config: Any) -> Any:
    """Return the class of transformers for a configuration; None if it has none."""
    own = not isinstance(trained.encoder, BertEncoder)
    if wanted.auto == "AutoModel" and own:
        # not AutoModel's where that has a decoder, as of mT5
        return type(trained.encoder)
    transformers = importlib.import_module("transformers")
    mapping = getattr(transformers, wanted.auto)._model_mapping
    # the mapping has no get() that imports
    return mapping[type(config)] if type(config) in mapping else None  # noqa: SIM401
