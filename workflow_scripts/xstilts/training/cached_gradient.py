"""The exact gradient of a contrastive loss over a batch that does not fit into one micro-batch.

First, all micro-batches are encoded without a graph. The loss over all vectors gives the gradient
of each vector. Then the micro-batches are encoded again, and each backpropagates its part of that
gradient. Dropout must draw the same masks both times. Memory is that of one micro-batch and of the
vectors; the cost is a second forward pass. (GradCache: Gao et al. 2021, Scaling Deep Contrastive
Learning Batch Size under Memory Limited Setup.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch

Tensors = Mapping[str, torch.Tensor]
Loss = Callable[[torch.Tensor, Tensors, torch.Tensor], tuple[torch.Tensor, int]]


def split_loss(head: Any, micro_batches: Iterable[tuple[torch.Tensor, Tensors]]) -> Loss:
    """Return a replacement of ``head.loss`` to call on the micro-batches of a step in this order.

    The returned losses add up to the loss of the whole batch, and their gradients to its gradient.
    The gradient of the head's temperature (``scale``) is set before this function returns.

    Args:
        head: a head with ``pairs`` (``xstilts.models.head``), in training mode.
        micro_batches: last hidden states and collated tensors of each micro-batch; consumed
            without a graph.
    """
    vectors: list[torch.Tensor] = []
    targets: dict[str, list[torch.Tensor]] = {name: [] for name in head.scalar_targets}
    with torch.no_grad():
        for hidden_BTD, tensors in micro_batches:
            vectors.append(head(hidden_BTD, tensors["attention_mask"]))
            for name, found in targets.items():
                found.append(tensors[name])
    vectors_BD = torch.cat(vectors).requires_grad_()
    total, terms = head.contrastive_loss(
        vectors_BD, {name: torch.cat(t) for name, t in targets.items()}
    )
    total.backward()
    assert vectors_BD.grad is not None
    gradients = iter(vectors_BD.grad.split([len(part) for part in vectors]))
    # the first micro-batch reports the loss of the whole batch, the others zero
    reports = iter([(total.detach(), terms)])

    def loss(
        hidden_BTD: torch.Tensor, tensors: Tensors, embeddings_VD: torch.Tensor
    ) -> tuple[torch.Tensor, int]:
        part = (head(hidden_BTD, tensors["attention_mask"]) * next(gradients)).sum()
        value, count = next(reports, (torch.zeros_like(total), 0))
        # has this value, and the gradient of the part
        return part - part.detach() + value, count

    return loss
