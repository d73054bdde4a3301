"""Decoding of a target: the settings of protocol and recipe that apply to its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xstilts.config.protocol import PROTOCOLS
from xstilts.grid.recipes import null_threshold, token_options
from xstilts.kinds import EMBEDDING_KINDS

if TYPE_CHECKING:
    from xstilts.config.protocol import Protocol, ProtocolName
    from xstilts.config.study import Study
    from xstilts.tasks.base import Task


def decoding(
    study: Study, task: Task, protocol_name: ProtocolName, *, trained: bool
) -> dict[str, Any]:
    """Return the decoding settings of a target, which two protocols may share.

    Args:
        study: the study, for the recipes of its tasks.
        task: task of the target.
        protocol_name: evaluation protocol.
        trained: True if the target has training data.
    """
    protocol = PROTOCOLS[protocol_name]
    found: dict[str, Any] = {}
    if study.prediction_precision != "fp32":
        # the default is left out, so that it is not part of the identity of predictions
        found["precision"] = study.prediction_precision
    if task.kind in EMBEDDING_KINDS:
        # a trained head defines its vectors itself
        return found | ({} if trained else _vectors(protocol, task.kind))
    if task.kind == "span":
        found |= {"n_best": protocol.n_best, "max_answer_length": protocol.max_answer_length}
        if protocol.max_context:
            # left out otherwise, so that it is not part of the identity of predictions
            found["max_context_stride"] = token_options(study, task.name)["doc_stride"]
        if task.may_lack_answer:
            found["null_threshold"] = null_threshold(study, task.name)
    return found


def _vectors(protocol: Protocol, kind: str) -> dict[str, Any]:
    """Return a protocol's settings for sentence vectors and their comparison."""
    if kind == "retrieval":
        # without depth: all layers are predicted, and scoring selects the protocol's layer
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
