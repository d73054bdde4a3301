"""Writes the model of a stage, and compares the outputs of what was written with its own."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.export.model import TOLERANCE, convert
from xstilts.export.outputs import Inputs, difference, outputs_here, outputs_there
from xstilts.export.usage import Parent, Written, class_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xstilts.export.trained import Trained


def write_model(trained: Trained, inputs: Inputs, out: Path) -> Written:
    """Write all weights of a model for its class of transformers.

    Args:
        trained: the model.
        inputs: token ids to compare the outputs on.
        out: folder to write to.

    Raises:
        UserError: the written folder has other outputs.
    """
    converted = convert(trained, inputs)
    with _quiet():
        converted.model.save_pretrained(out)
        model_class = getattr(importlib.import_module("transformers"), class_name(converted))
        model = model_class.from_pretrained(out, local_files_only=True).eval()
    found = _difference(trained, model, inputs, converted.kind, out)
    return Written(
        converted=converted, head=trained.name, wanted_kind=trained.kind, difference=found
    )


def write_adapter(
    trained: Trained, inputs: Inputs, source: Path, parent: Parent, out: Path
) -> Written:
    """Write the adapters of a model as they are stored, with its head.

    Args:
        trained: the model, adapters merged.
        inputs: token ids to compare the outputs on.
        source: its folder.
        parent: the model that the adapters belong to.
        out: folder to write to.

    Raises:
        UserError: the written folder has other outputs.
    """
    from xstilts.export.adapter import can_hold, loaded_by_peft, write_peft

    converted = convert(trained, inputs)
    if not can_hold(converted):
        converted = convert(dataclasses.replace(trained, spec=None, head=None), inputs)
    write_peft(trained, converted, source, out, parent=parent)
    with _quiet():
        model = loaded_by_peft(trained, converted, parent, out)
    found = _difference(trained, model, inputs, converted.kind, out)
    return Written(
        converted=converted,
        head=trained.name,
        wanted_kind=trained.kind,
        parent=parent,
        difference=found,
    )


def _difference(trained: Trained, model: Any, inputs: Inputs, kind: str, out: Path) -> float:
    """Return the largest difference of a loaded model's outputs; a UserError if too large."""
    found = difference(outputs_here(trained, inputs, kind), outputs_there(model, inputs, kind))
    if found > TOLERANCE:
        raise UserError(
            f"{out}: the model that was written has other outputs than the trained one (difference "
            f"{found:.2g}). For adapters, name the model that they were trained on with --parent, "
            "or write all weights with --merge; else please report it with the name of the base."
        )
    return found


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Let transformers say nothing about weights, which are compared by their outputs."""
    logging = importlib.import_module("transformers.utils.logging")
    logging.disable_progress_bar()
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
