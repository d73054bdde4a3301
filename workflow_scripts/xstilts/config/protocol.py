"""Evaluation protocols as data: choices that otherwise only the code of a paper documents."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

ProtocolName = Literal[
    "recommended",
    "recommended-csls",
    "recommended-margin",
    "recommended-xx-en",
    "xtreme-2020",
    "jiant-2020",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Protocol:
    """Choices in prediction and scoring that change the scores of a trained model."""

    pooling: Literal["mean", "mean_no_special", "cls"]
    """Sentence vector: mean of all tokens, mean without special tokens, or the first token."""
    retrieval_depth: float
    """Hidden state used for retrieval, as a fraction of the layers; XLM-R large's published layer
    is hidden state 14 of 24."""
    mining_depth: float
    """The same for mining."""
    n_best: int
    """Number of start and end positions considered per window in span decoding."""
    max_answer_length: int
    """Maximum answer length in tokens."""
    max_context: bool = False
    """Span decoding as in BERT's script: a start counts only in the window in which it has most
    context, and the n-best are chosen from all tokens of a window; or from those of its context."""
    similarity: Literal["cosine", "csls", "margin"] = "cosine"
    """Similarity by which retrieval ranks candidates."""
    neighbourhood: int = 10
    """Number of nearest neighbours in CSLS and margin scoring for retrieval."""
    direction: Literal["en-xx", "xx-en"] = "en-xx"
    """``en-xx``: queries are in the source language, candidates in the other; or the reverse."""
    mining_neighbourhood: int = 4
    """Number of nearest neighbours in margin scoring for mining."""
    mining_repeated: Literal["drop", "keep"] = "drop"
    """A mined sentence with several ids is dropped, or kept as a pair for each of them."""
    mining_threshold: Literal["tuned", "oracle"] = "tuned"
    """The score threshold of mined pairs is tuned on the development set, or on the evaluated set
    itself (``oracle``)."""

    def depth(self, kind: str) -> float:
        """Return the hidden state used for a kind, as a fraction of the layers."""
        return self.mining_depth if kind == "mining" else self.retrieval_depth


# Pooling without the special tokens, which carry no meaning of the sentence; answers from every
# window: docs/protocol.md says why
_RECOMMENDED = Protocol(
    pooling="mean_no_special",
    retrieval_depth=14 / 24,
    mining_depth=14 / 24,
    n_best=20,
    max_answer_length=30,
)

PROTOCOLS: dict[str, Protocol] = {
    # google-research/xtreme: run_tatoeba.sh layer 13 of the last 24 = hidden state 14; mean pooling
    # over all tokens, special ones included. run_bucc2018.sh layer 7 of the last 12 = hidden state
    # 20; its pool_type cls had no effect before October 2021
    "xtreme-2020": Protocol(
        pooling="mean",
        retrieval_depth=14 / 24,
        mining_depth=20 / 24,
        n_best=20,
        max_answer_length=30,
        # processors/squad.py and the n-best of transformers' compute_predictions_logits
        max_context=True,
    ),
    # jiant: layer 14 of hidden_states, mean pooling: the same tensor by another name. Its mining
    # maps a sentence to all its ids and reports F1 at the best threshold of the evaluated set
    "jiant-2020": Protocol(
        pooling="mean",
        retrieval_depth=14 / 24,
        mining_depth=14 / 24,
        n_best=20,
        max_answer_length=30,
        # compute_predictions_logits_v3 in squad_style/utils.py
        max_context=True,
        mining_repeated="keep",
        mining_threshold="oracle",
    ),
    "recommended": _RECOMMENDED,
    # one choice changed each: a correction for hubs, sentences near to everything (10 neighbours as
    # in Conneau et al. 2018, 4 as in Artetxe and Schwenk 2019), and the direction of retrieval
    "recommended-csls": replace(_RECOMMENDED, similarity="csls"),
    "recommended-margin": replace(_RECOMMENDED, similarity="margin", neighbourhood=4),
    "recommended-xx-en": replace(_RECOMMENDED, direction="xx-en"),
}
