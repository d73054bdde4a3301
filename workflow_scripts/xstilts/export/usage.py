"""How to load an exported folder: Python code and what its outputs are."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from xstilts.export.model import Converted

HERE = "PATH_OR_REPOSITORY"


@dataclass(frozen=True, kw_only=True, slots=True)
class Parent:
    """The model that adapters belong to."""

    folder: Path
    """Its folder in the study."""
    name: str
    """Repository or folder from which users of the adapters load it."""
    revision: str | None = None
    """Commit of the repository; None for the newest."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """An exported model."""

    converted: Converted
    head: str
    """Name of the head that was chosen; empty for none."""
    wanted_kind: str
    """Kind of that head."""
    parent: Parent | None = None
    """Of adapters; None for a whole model."""
    difference: float = 0.0
    """Largest difference to the outputs of the trained model."""


def class_name(converted: Converted) -> str:
    """Return the name of the class of transformers that loads a model."""
    transformers = importlib.import_module("transformers")
    mapping = getattr(transformers, converted.head.auto)._model_mapping
    config = type(converted.model.config)
    # AutoModel would add a decoder to some types
    if config in mapping and mapping[config] is type(converted.model):
        return converted.head.auto
    return type(converted.model).__name__


def code_of(written: Written) -> str:
    """Return Python code that loads the model and its tokenizer."""
    name = class_name(written.converted)
    loads_tokenizer = f'tokenizer = AutoTokenizer.from_pretrained("{HERE}")'
    if not written.parent:
        return (
            f"from transformers import {name}, AutoTokenizer\n\n{loads_tokenizer}\n"
            f'model = {name}.from_pretrained("{HERE}")'
        )
    pinned = f', revision="{written.parent.revision}"' if written.parent.revision else ""
    return (
        "from peft import PeftModel\n"
        f"from transformers import AutoConfig, {name}, AutoTokenizer\n\n{loads_tokenizer}\n"
        f'config = AutoConfig.from_pretrained("{HERE}")\n'
        f'base = {name}.from_pretrained("{written.parent.name}", config=config{pinned})\n'
        f'model = PeftModel.from_pretrained(base, "{HERE}")'
    )


def use_of(written: Written) -> str:
    """Return what the outputs are, and what of the trained model the folder lacks."""
    kind = written.converted.kind
    if kind == "ranking":
        return (
            "The vector of a text is `torch.nn.functional.normalize(model(**inputs).pooler_output, "
            "dim=-1)`; texts are compared by the dot product."
        )
    if kind == "multiple_choice":
        return (
            "Each choice is a sequence of context and question with the choice; the logits of an "
            "example are those of its sequences."
        )
    if kind:
        return f"The head is that of the stage (`{written.head}`, {kind.replace('_', ' ')})."
    if written.wanted_kind:
        return (
            f"This is the encoder alone: transformers has no class for the head `{written.head}` "
            f"({written.wanted_kind.replace('_', ' ')}) of this type of model that computes the "
            "same. Its weights are in `heads.safetensors`, its labels in `heads.json`. Use "
            "`model(**inputs).last_hidden_state`."
        )
    return "This is the encoder alone, without a head. Use `model(**inputs).last_hidden_state`."
