"""Heads as transformers' classes have them: where their weights belong in each class.

A class is used if a layout names all of its weights, and if its outputs are then those of the model
(``export.outputs``): ELECTRA's class for classification, for example, has the same names, but
another activation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE = "{base}"
"""In a layout, the attribute of the encoder in its class, such as ``roberta``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The names of a head's layers in a class of transformers."""

    layers: Mapping[str, str]
    """Layer or parameter of the head here to that of the class."""
    config: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Settings of ``config.json`` with which the class computes the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeadClass:
    """What transformers has for the heads of a kind."""

    auto: str
    """Its class ``AutoModel...``."""
    pipeline: str
    """Task of the hub's pipelines, for the card."""
    peft: str
    """Type of task of an adapter of peft."""
    layouts: tuple[Layout, ...]
    """Those of the types of models, to be tried in this order."""


# RoBERTa's head; BERT's, whose first layer is the pooler; DeBERTa's
_CLASSIFIER = Layout(layers={"dense": "classifier.dense", "output": "classifier.out_proj"})
_POOLER = Layout(layers={"dense": f"{BASE}.pooler.dense", "output": "classifier"})
_DEBERTA = Layout(
    layers={"dense": "pooler.dense", "output": "classifier"},
    config={"pooler_hidden_act": "tanh"},
)
_SUMMARY = Layout(
    layers={"dense": "sequence_summary.summary", "output": "classifier"},
    config={"summary_activation": "tanh", "summary_use_proj": True, "summary_type": "first"},
)

ENCODER = HeadClass(auto="AutoModel", pipeline="feature-extraction", peft="FEATURE_EXTRACTION",
                    layouts=(Layout(layers={}),))  # fmt: skip
"""A bare encoder."""

CLASSES: Mapping[str, HeadClass] = {
    "classification": HeadClass(
        auto="AutoModelForSequenceClassification",
        pipeline="text-classification",
        peft="SEQ_CLS",
        layouts=(_CLASSIFIER, _POOLER, _DEBERTA),
    ),
    "multiple_choice": HeadClass(
        auto="AutoModelForMultipleChoice",
        pipeline="multiple-choice",
        peft="SEQ_CLS",
        layouts=(_POOLER, _DEBERTA, _SUMMARY),
    ),
    "span": HeadClass(
        auto="AutoModelForQuestionAnswering",
        pipeline="question-answering",
        peft="QUESTION_ANS",
        layouts=(Layout(layers={"output": "qa_outputs"}),),
    ),
    "tagging": HeadClass(
        auto="AutoModelForTokenClassification",
        pipeline="token-classification",
        peft="TOKEN_CLS",
        layouts=(Layout(layers={"output": "classifier"}), Layout(layers={"output": "score"})),
    ),
    "mlm": HeadClass(
        auto="AutoModelForMaskedLM",
        pipeline="fill-mask",
        peft="FEATURE_EXTRACTION",
        layouts=(
            Layout(
                layers={
                    "dense": "lm_head.dense",
                    "layer_norm": "lm_head.layer_norm",
                    "bias": "lm_head.bias",
                }
            ),
            Layout(
                layers={
                    "dense": "cls.predictions.transform.dense",
                    "layer_norm": "cls.predictions.transform.LayerNorm",
                    "bias": "cls.predictions.bias",
                }
            ),
        ),
    ),
    # its vectors are the outputs of the pooler, made unit length; the scale is for training only
    "ranking": HeadClass(
        auto="AutoModel",
        pipeline="feature-extraction",
        peft="FEATURE_EXTRACTION",
        layouts=(Layout(layers={"dense": "pooler.dense"}),),
    ),
}
"""By kind; others have no head."""


def renamed(layout: Layout, base: str, weights: Mapping[str, Any]) -> dict[str, Any]:
    """Return a head's weights by their names in a class.

    Args:
        layout: of the class.
        base: attribute of the encoder in it.
        weights: of the head, by their names here; those that no layer of the layout has are left
            out.
    """
    found = {}
    for name, tensor in weights.items():
        layer, _, parameter = name.rpartition(".")
        if layer in layout.layers:
            found[f"{layout.layers[layer].replace(BASE, base)}.{parameter}"] = tensor
        elif name in layout.layers:
            found[layout.layers[name].replace(BASE, base)] = tensor
    return found
