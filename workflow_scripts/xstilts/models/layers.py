"""The transformer layers of an encoder, the units of sharding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from xstilts.errors import UserError

if TYPE_CHECKING:
    from xstilts.models.checkpoint import PreTrainedModel


def layers_of(model: PreTrainedModel) -> list[nn.Module]:
    """Return the transformer layers of an encoder.

    They are the modules of its outermost ``ModuleList`` of a single class. transformers'
    ``_no_split_modules`` is less reliable: some families have none, others include embeddings.

    Raises:
        UserError: no such list exists.
    """
    embeddings = model.get_input_embeddings()
    for found in model.modules():
        if not isinstance(found, nn.ModuleList) or not len(found):
            continue
        if len({type(layer) for layer in found}) == 1 and embeddings not in found.modules():
            return list(found)
    raise UserError(
        f"parallel.mode fsdp: found no transformer layers to shard in model_type "
        f"{model.config.model_type!r}. Use mode ddp."
    )
