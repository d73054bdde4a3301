"""The exact gradient of a loss over a whole batch that does not fit into one pass.

First all passes run without a graph and give the vectors; the loss over all vectors gives the
gradient of each; then the passes run again, and each sends its part of that gradient back. Both
times dropout must draw the same numbers. Memory is that of one pass and of the vectors; the price
is a second forward pass. (GradCache: Gao et al. 2021, Scaling Deep Contrastive Learning Batch Size
under Memory Limited Setup.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch

Tensors = Mapping[str, torch.Tensor]
Loss = Callable[[torch.Tensor, Tensors, torch.Tensor], tuple[torch.Tensor, int]]


def split_loss(head: Any, micro_batches: Iterable[tuple[torch.Tensor, Tensors]]) -> Loss:
    """A replacement of ``head.loss`` for the micro-batches of a step, which come in this order.

    The losses that it returns add up to the loss of the whole batch, and their gradients to its
    gradient. That of the head's own scale is there when this returns.

    Args:
        head: with ``pairs`` (``xstilts.models.head``), in the mode in which it is trained.
        micro_batches: last hidden states and collated tensors of each pass; taken without a graph.
    """
    vectors: list[torch.Tensor] = []
    targets: dict[str, list[torch.Tensor]] = {name: [] for name in head.scalar_targets}
    with torch.no_grad():
        for hidden_BTD, tensors in micro_batches:
            vectors.append(head(hidden_BTD, tensors["attention_mask"]))
            for name, found in targets.items():
                found.append(tensors[name])
    vectors_BD = torch.cat(vectors).requires_grad_()
    total, terms = head.contrast(vectors_BD, {name: torch.cat(t) for name, t in targets.items()})
    total.backward()
    assert vectors_BD.grad is not None
    gradients = iter(vectors_BD.grad.split([len(part) for part in vectors]))
    # the first pass reports the whole batch, the others nothing
    reports = iter([(total.detach(), terms)])

    def loss(
        hidden_BTD: torch.Tensor, tensors: Tensors, embeddings_VD: torch.Tensor
    ) -> tuple[torch.Tensor, int]:
        part = (head(hidden_BTD, tensors["attention_mask"]) * next(gradients)).sum()
        value, count = next(reports, (torch.zeros_like(total), 0))
        # of this value, with the gradient of the part
        return part - part.detach() + value, count

    return loss
