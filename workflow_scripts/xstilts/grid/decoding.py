"""How a target's predictions are made from its model: what protocol and recipe say of its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xstilts.config.protocol import PROTOCOLS
from xstilts.grid.recipes import null_threshold
from xstilts.kinds import EMBEDDING_KINDS

if TYPE_CHECKING:
    from xstilts.config.protocol import Protocol, ProtocolName
    from xstilts.config.study import Study
    from xstilts.tasks.base import Task


def decoding(
    study: Study, task: Task, protocol_name: ProtocolName, *, trained: bool
) -> dict[str, Any]:
    """What decides predictions besides model, data and code; two protocols may agree on it.

    Args:
        study: for the recipes of its tasks.
        task: the target's.
        protocol_name: how it is measured.
        trained: whether the target has training data.
    """
    protocol = PROTOCOLS[protocol_name]
    found: dict[str, Any] = {}
    if study.prediction_precision != "fp32":
        # what is usual goes without saying, so that it is no part of what predictions are
        found["precision"] = study.prediction_precision
    if task.kind in EMBEDDING_KINDS:
        # a trained head says itself what its vectors are
        return found | ({} if trained else _vectors(protocol, task.kind))
    if task.kind == "span":
        found |= {"n_best": protocol.n_best, "max_answer_length": protocol.max_answer_length}
        if task.may_lack_answer:
            found["null_threshold"] = null_threshold(study, task.name)
    return found


def _vectors(protocol: Protocol, kind: str) -> dict[str, Any]:
    """What a protocol says of sentence vectors and their comparison, for a kind."""
    if kind == "retrieval":
        # without depth: all layers are predicted, and the score takes that of the protocol
        return {
            "pooling": protocol.pooling,
            "similarity": protocol.similarity,
            "neighbourhood": protocol.neighbourhood,
            "direction": protocol.direction,
        }
    vectors = {"pooling": protocol.pooling, "depth": protocol.depth(kind)}
    if kind == "mining":
        vectors["neighbourhood"] = protocol.mining_neighbourhood
        vectors["keep_repeated"] = protocol.mining_repeated == "keep"
    return vectors
