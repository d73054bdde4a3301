"""The maximum-context rule: a token of a context counts in one of the windows that contain it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def most_context(
    examples: npt.NDArray[np.int32], lengths: npt.NDArray[np.int64], stride: int
) -> npt.NDArray[np.int64]:
    """Return, for each window, which of its tokens have their most context in it.

    The context of a token in a window is the smaller number of tokens to its left and right, plus
    0.01 times the window's length; the first of equal windows wins (``_check_is_max_context`` of
    BERT's ``run_squad.py``, and of nyu-mll/jiant and google-research/xtreme).

    Args:
        examples: example of each window; the windows of an example are adjacent and in order.
        lengths: number of context tokens in each window.
        stride: ``doc_stride`` of the tokens.

    Returns:
        First position and end (exclusive) in the window's context, windows x 2. They are
        contiguous, since neither start nor end of a window lies before that of an earlier one.
    """
    bounds = np.stack([np.zeros_like(lengths), lengths], axis=1)
    firsts = np.flatnonzero(np.diff(examples, prepend=-1))
    for first, last in zip(firsts, [*firsts[1:], len(examples)], strict=True):
        if last - first > 1:
            bounds[first:last] = _bounds(lengths[first:last], stride)
    return bounds


def _bounds(lengths_W: npt.NDArray[np.int64], stride: int) -> npt.NDArray[np.int64]:
    """Return the bounds of the windows of one example (W windows, T tokens of the context)."""
    # a question can leave windows less room than the stride; all but the last are full
    starts_W = np.arange(len(lengths_W)) * min(stride, int(lengths_W[0]))
    token_T = np.arange(starts_W[-1] + lengths_W[-1])
    left_WT = token_T - starts_W[:, None]
    right_WT = (starts_W + lengths_W)[:, None] - 1 - token_T
    context_WT = np.minimum(left_WT, right_WT) + 0.01 * lengths_W[:, None]
    context_WT[(left_WT < 0) | (right_WT < 0)] = -np.inf
    best_T = context_WT.argmax(axis=0)
    bounds_2W = np.searchsorted(best_T, np.arange(len(lengths_W))[None] + [[0], [1]])
    return np.asarray(bounds_2W.T - starts_W[:, None], np.int64)
