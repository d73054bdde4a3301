"""Dynamic masking: the tokens of a batch to mask are drawn anew at each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = list[npt.NDArray[np.int64]]


def mask_tokens(
    rows: Sequence[npt.NDArray[np.int32]],
    metadata: Mapping[str, Any],
    probability: float,
    seed: int,
) -> tuple[Rows, Rows]:
    """Return sequences with masked tokens, and their labels: the original token, -100 elsewhere.

    BERT's rule: of the chosen tokens, 80 % become the mask token, 10 % a random token, and 10 % are
    left as they are. At least one token of a batch is chosen, so that each step has a loss.

    Args:
        rows: token ids of each sequence of the whole effective batch: the choice must not depend
            on how the batch is split into micro-batches.
        metadata: metadata of the token file; special tokens are never chosen.
        probability: probability that a token is chosen.
        seed: seed of all random choices.
    """
    random = np.random.default_rng(seed)
    ids = np.concatenate(rows).astype(np.int64)
    special = np.isin(ids, metadata["special_ids"])
    chosen = (random.random(len(ids)) < probability) & ~special
    if not chosen.any() and not special.all():
        chosen[random.choice(np.flatnonzero(~special))] = True
    labels = np.where(chosen, ids, -100)
    fate = random.random(len(ids))
    ids[chosen & (fate < 0.8)] = metadata["mask_id"]
    replaced = chosen & (fate >= 0.8) & (fate < 0.9)
    ordinary = np.setdiff1d(np.arange(metadata["vocab_size"]), metadata["special_ids"])
    ids[replaced] = random.choice(ordinary, int(replaced.sum()))
    cuts = np.cumsum([len(row) for row in rows])[:-1]
    return np.split(ids, cuts), np.split(labels, cuts)
