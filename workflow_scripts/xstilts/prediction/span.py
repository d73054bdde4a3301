"""Answer predictions: slices of the original context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch

from xstilts.prediction.base import BasePredictor
from xstilts.prediction.max_context import most_context
from xstilts.prediction.schemas import PREDICTION_SCHEMAS
from xstilts.tokens.batches import IGNORED

if TYPE_CHECKING:
    from xstilts.models.head_span import Head
    from xstilts.prediction.options import PredictOptions
    from xstilts.tokens.store import TokenTable


class Predictor(BasePredictor):
    """Collects the best answer of each window.

    Shapes: B windows, T tokens, N positions considered.
    """

    COLUMNS = ("id", "context", "answers")
    LISTS = ("offsets_start",)

    def __init__(self, table: TokenTable, labels: Sequence[str], options: PredictOptions) -> None:
        self._options = options
        self._examples = table.column("example")
        self._starts = table.list_column("offsets_start")
        self._ends = table.list_column("offsets_end")
        self._token_ids = np.zeros((len(table), 2), np.int64)
        self._scores = np.full(len(table), -np.inf, np.float32)
        self._null_scores = np.zeros(len(table), np.float32)
        self._most_context: npt.NDArray[np.int64] | None = None
        if options.max_context_stride is not None:
            rows = range(len(table))
            lengths = np.array([np.count_nonzero(self._starts.row(row) >= 0) for row in rows])
            self._most_context = most_context(
                self._examples, lengths.astype(np.int64), options.max_context_stride
            )

    def add(
        self,
        rows: npt.NDArray[np.int64],
        tensors: Mapping[str, torch.Tensor],
        hidden: Sequence[torch.Tensor],
        head: Head,
    ) -> None:
        """Add the windows ``rows``: for each, the best valid pair of its n-best starts and ends.

        With a stride for the maximum-context rule, the n-best are chosen as in BERT's script: from
        all tokens of the window, before the invalid ones are dropped.
        """
        logits_BT2 = head(hidden[-1]).float()
        # in training, the target of windows without an answer is the first token
        self._null_scores[rows] = logits_BT2[:, 0].sum(dim=-1).cpu().numpy()
        inside_BT = tensors["offsets_start"] >= 0
        if self._most_context is None:
            may_start_BT, candidates_BT = inside_BT, inside_BT
        else:
            may_start_BT = _within(inside_BT, self._most_context[rows])
            candidates_BT = tensors["offsets_start"] != IGNORED
        logits_BT2 = logits_BT2.masked_fill(~candidates_BT.unsqueeze(-1), -torch.inf)
        count = min(self._options.n_best, logits_BT2.shape[1])
        start_scores_BN, starts_BN = logits_BT2[..., 0].topk(count)
        end_scores_BN, ends_BN = logits_BT2[..., 1].topk(count)
        scores_BNN = start_scores_BN.unsqueeze(2) + end_scores_BN.unsqueeze(1)
        extra_BNN = ends_BN.unsqueeze(1) - starts_BN.unsqueeze(2)
        valid_BNN = (extra_BNN >= 0) & (extra_BNN < self._options.max_answer_length)
        valid_BNN &= may_start_BT.gather(1, starts_BN).unsqueeze(2)
        valid_BNN &= inside_BT.gather(1, ends_BN).unsqueeze(1)
        scores_B, best_B = scores_BNN.masked_fill(~valid_BNN, -torch.inf).flatten(1).max(dim=1)
        start_B = starts_BN.gather(1, (best_B // count).unsqueeze(1))
        end_B = ends_BN.gather(1, (best_B % count).unsqueeze(1))
        self._token_ids[rows] = torch.cat([start_B, end_B], dim=1).cpu().numpy()
        self._scores[rows] = scores_B.cpu().numpy()

    def finish(self, data: pa.Table) -> pa.Table:
        """Return id, gold answers, and the best answer over all windows with its score.

        The answer is empty, with a score of minus infinity, if no window has a valid span. It is
        also empty, with the null score, if that exceeds the best span's score by more than the
        threshold. As in BERT's script, the null score is the minimum over windows, since a single
        window may contain the answer.
        """
        best: dict[int, int] = {}
        null: dict[int, float] = {}
        for row, example in enumerate(self._examples.tolist()):
            if example not in best or self._scores[row] > self._scores[best[example]]:
                best[example] = row
            null[example] = min(null.get(example, np.inf), float(self._null_scores[row]))
        contexts = data.column("context")
        texts: list[str] = []
        scores = self._scores[[best[example] for example in range(data.num_rows)]]
        threshold = self._options.null_threshold
        for example in range(data.num_rows):
            row = best[example]
            if threshold is not None and null[example] - scores[example] > threshold:
                scores[example] = null[example]
                texts.append("")
                continue
            if np.isneginf(scores[example]):
                texts.append("")
                continue
            first, last = self._token_ids[row]
            start, end = self._starts.row(row)[first], self._ends.row(row)[last]
            texts.append(contexts[example].as_py()[start:end])
        gold = [
            [answer["text"] for answer in answers] for answers in data.column("answers").to_pylist()
        ]
        columns = [
            data.column("id"),
            pa.array(gold, pa.list_(pa.string())),
            pa.array(texts, pa.string()),
            pa.array(scores, pa.float32()),
        ]
        return pa.table(columns, schema=PREDICTION_SCHEMAS["span"])


def _within(inside_BT: torch.Tensor, bounds_B2: npt.NDArray[np.int64]) -> torch.Tensor:
    """Return the context tokens whose position in the window's context is within the bounds."""
    position_BT = inside_BT.cumsum(dim=1) - 1
    bounds_2B1 = torch.from_numpy(bounds_B2).to(inside_BT.device).T.unsqueeze(-1)
    return inside_BT & (position_BT >= bounds_2B1[0]) & (position_BT < bounds_2B1[1])
