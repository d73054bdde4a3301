"""The layers of an encoder, by which it can be shared out to several processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from xstilts.errors import UserError

if TYPE_CHECKING:
    from xstilts.models.encoder import PreTrainedModel


def layers_of(model: PreTrainedModel) -> list[nn.Module]:
    """The layers of an encoder, each a whole that can be computed by itself.

    They are the members of its outermost list of modules of one class. transformers' own
    ``_no_split_modules`` says less: some families have none, others count their embeddings.

    Raises:
        UserError: there is no such list.
    """
    embeddings = model.get_input_embeddings()
    for found in model.modules():
        if not isinstance(found, nn.ModuleList) or not len(found):
            continue
        if len({type(layer) for layer in found}) == 1 and embeddings not in found.modules():
            return list(found)
    raise UserError(
        f"parallel.mode fsdp: found no layers in model_type {model.config.model_type!r} by which "
        "it could be shared out. Use mode ddp."
    )
