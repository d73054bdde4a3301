"""Evaluation protocols as data: choices that otherwise only the code of a paper documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from xstilts.layers import Depth, layer_at

ProtocolName = Literal[
    "recommended",
    "recommended-csls",
    "recommended-margin",
    "recommended-xx-en",
    "xtreme-2020",
    "jiant-2020",
    "e5",
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
    retrieval_states: Mapping[int, int] = field(default_factory=dict)
    """Hidden states that the source itself used for retrieval, by number of layers of its models;
    for other numbers the fraction is an extrapolation. Empty if the protocol has no source."""
    mining_states: Mapping[int, int] = field(default_factory=dict)
    """The same for mining."""
    n_best: int
    """Number of start and end positions considered per window in span decoding."""
    max_answer_length: int
    """Maximum answer length in tokens."""
    max_context: bool = False
    """Span decoding as in BERT's script: a start counts only in the window in which it has most
    context, and the n-best are chosen from all tokens of a window; or from those of its context."""
    prefixes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Text before the sentences of each side of the data, by kind; not for targets with a trained
    head."""
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

    def depth(self, kind: str) -> Depth:
        """Return the hidden state used for a kind; a fraction if that gives the published ones."""
        fraction, states = self._of(kind)
        if all(layer_at(fraction, layers) == state for layers, state in states.items()):
            return fraction
        published = {str(layers): state for layers, state in states.items()}
        return {"fraction": fraction, "published": published}

    def layer_text(self, kind: str, num_layers: int) -> str:
        """Return a model's hidden state for messages; says if it is an extrapolation."""
        states = self._of(kind)[1]
        found = f"{layer_at(self.depth(kind), num_layers)} of {num_layers}"
        if not states or num_layers in states:
            return found
        ran = ", ".join(f"{state} of {layers}" for layers, state in states.items())
        return f"{found}, extrapolated: the protocol's source used {ran}"

    def _of(self, kind: str) -> tuple[float, Mapping[int, int]]:
        """Return the fraction and the published hidden states of a kind."""
        if kind == "mining":
            return self.mining_depth, self.mining_states
        return self.retrieval_depth, self.retrieval_states


# Pooling without the special tokens, which carry no meaning of the sentence; answers from every
# window: docs/protocol.md says why
_RECOMMENDED = Protocol(
    pooling="mean_no_special",
    retrieval_depth=14 / 24,
    mining_depth=14 / 24,
    n_best=20,
    max_answer_length=30,
)

# card of intfloat/multilingual-e5-small: "query: " on both sides of symmetric tasks such as bitext
# retrieval, "passage: " before what a query is to find
_QUERY, _PASSAGE = "query: ", "passage: "

PROTOCOLS: dict[str, Protocol] = {
    # google-research/xtreme: run_tatoeba.sh takes layer 13 of the last 24 hidden states of XLM-R
    # large = hidden state 14, and layer 7 of the last 12 of mBERT (12 layers) and XLM (16) = 8 and
    # 12; mean pooling over all tokens, special ones included. run_bucc2018.sh takes layer 7 of the
    # last 12 of all models = hidden state 20 of 24; its pool_type cls had no effect before October
    # 2021
    "xtreme-2020": Protocol(
        pooling="mean",
        retrieval_depth=14 / 24,
        retrieval_states={12: 8, 16: 12, 24: 14},
        mining_depth=20 / 24,
        mining_states={12: 8, 16: 12, 24: 20},
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
        retrieval_states={24: 14},
        mining_depth=14 / 24,
        mining_states={24: 14},
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
    # E5's published use of its vectors: mean of all tokens of the last layer (average_pool in the
    # card), cosine. Foreign queries for English candidates, as in MTEB's Tatoeba
    "e5": replace(
        _RECOMMENDED,
        pooling="mean",
        retrieval_depth=1.0,
        mining_depth=1.0,
        prefixes={
            "retrieval": {"candidate": _QUERY, "query": _QUERY},
            "mining": dict.fromkeys(
                ("candidate", "query", "tuning_candidate", "tuning_query"), _QUERY
            ),
            "ranking": {"candidate": _PASSAGE, "query": _QUERY},
        },
        direction="xx-en",
    ),
}
