"""Data maps: the training dynamics of each example of a stage.

Each time an example is trained on, the probability of its correct answer in that forward pass is
recorded. The mean over the epochs is the example's *confidence*, the standard deviation its
*variability*. Easy examples have high confidence and hard ones low confidence, both with low
variability; ambiguous examples have high variability.

Source: Swayamdipta et al. 2020, arXiv 2009.10795, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from xstilts.files import atomic_path
from xstilts.models.head import UnitHead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from xstilts.models.head import BaseHead
    from xstilts.training.process_group import ProcessGroup
    from xstilts.training.sampler import TaskSampler

UNIT = "unit"
"""Column of a batch with the index, in the task's sampler, of each sequence's unit."""

DATA_MAP_SCHEMA = pa.schema(
    [
        ("task", pa.string()),
        ("language", pa.string()),
        # row of the training set; a long context has several windows, each trained on separately
        ("example", pa.int32()),
        ("window", pa.int16()),
        # how often it was trained on
        ("epochs", pa.int32()),
        # mean and standard deviation over the epochs of the correct answer's probability
        ("confidence", pa.float32()),
        ("variability", pa.float32()),
    ]
)


class DataMap:
    """Probabilities of the correct answers of one task's units, accumulated on the device.

    Shapes: N units of the sampler, B units of a micro-batch.
    """

    def __init__(self, sampler: TaskSampler, device: torch.device) -> None:
        self.sampler = sampler
        self.sums_3N = torch.zeros(3, len(sampler), device=device)
        """Count, sum and sum of squares of the probabilities."""

    def recording_loss(self, head: UnitHead) -> Callable[..., tuple[torch.Tensor, int]]:
        """Return the head's loss, which also records the probability of each correct answer."""

        def loss(
            hidden_BTD: torch.Tensor,
            tensors: Mapping[str, torch.Tensor],
            embeddings_VD: torch.Tensor,
        ) -> tuple[torch.Tensor, int]:
            losses_B = head.losses(hidden_BTD, tensors)
            unit_B = tensors[UNIT].reshape(len(losses_B), -1)[:, 0]
            right_B = torch.exp(-losses_B.detach())
            terms_3B = torch.stack([torch.ones_like(right_B), right_B, right_B**2])
            self.sums_3N.index_add_(1, unit_B, terms_3B)
            return losses_B.sum(), len(losses_B)

        return loss

    def reduce(self, group: ProcessGroup) -> torch.Tensor:
        """Move the sums of all processes to the main process; the others start again from zero."""
        group.all_reduce_gradients([self.sums_3N])
        if not group.is_main:
            self.sums_3N.zero_()
        return self.sums_3N

    def table(self) -> pa.Table:
        """Return a row per unit that was trained on, with the columns of DATA_MAP_SCHEMA."""
        count_N, total_N, squares_N = self.sums_3N.cpu().double().numpy()
        seen = np.flatnonzero(count_N)
        mean = total_N[seen] / count_N[seen]
        variance = np.maximum(squares_N[seen] / count_N[seen] - mean**2, 0.0)
        members = self.sampler.member[seen]
        example = np.empty(len(seen), np.int32)
        for index, table in enumerate(self.sampler.tables):
            own = members == index
            example[own] = table.column("example")[self.sampler.row[seen[own]]]
        languages = np.array([member.language for member in self.sampler.members], object)
        columns = {
            "task": [self.sampler.task] * len(seen),
            "language": languages[members],
            "example": example,
            "window": _windows(members, example),
            "epochs": count_N[seen].astype(np.int32),
            "confidence": mean,
            "variability": np.sqrt(variance),
        }
        return pa.table(columns, schema=DATA_MAP_SCHEMA)


def _windows(members: np.ndarray, example: np.ndarray) -> np.ndarray:
    """Return the number of each unit among the units of its example, which are adjacent."""
    same = (np.diff(members, prepend=-1) == 0) & (np.diff(example, prepend=-1) == 0)
    at = np.arange(len(same))
    return at - np.maximum.accumulate(np.where(same, 0, at))


def data_maps(
    samplers: Sequence[TaskSampler], heads: Mapping[str, BaseHead], device: torch.device
) -> dict[str, DataMap]:
    """Return an empty map for each task whose loss per unit is a log probability.

    Tasks with label smoothing have no map: their losses are not log probabilities.
    """
    return {
        sampler.task: DataMap(sampler, device)
        for sampler in samplers
        if isinstance(head := heads[sampler.task], UnitHead) and not head.label_smoothing
    }


def write_data_map(maps: Iterable[DataMap], path: Path) -> None:
    """Write the maps of a stage's tasks as Parquet."""
    with atomic_path(path) as temporary:
        pq.write_table(pa.concat_tables([one.table() for one in maps]), temporary)
