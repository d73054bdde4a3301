"""Sampling of query-candidate pairs, for contrastive training."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from xstilts.errors import UserError
from xstilts.training.sampler import TaskSampler

_CANDIDATE, _QUERY = 0, 1


@dataclass
class PairSampler(TaskSampler):
    """Samples queries with their candidates; a candidate of several queries is taken once.

    Queries and candidates are separate sequences, so that a micro-batch may hold any of them.
    """

    candidate: npt.NDArray[np.int64] = field(init=False)
    """Row of each query's candidate, in the file of the query."""

    def __post_init__(self) -> None:
        rows, partners, members, lengths = [], [], [], []
        for index, table in enumerate(self.tables):
            sides, keys = table.column("side"), table.column("key")
            queries = np.flatnonzero((sides == _QUERY) & (keys != 0))
            queries = queries[: self.max_examples or None]
            found = self._candidates(index, queries)
            rows.append(queries)
            partners.append(found)
            members.append(np.full(len(queries), index, np.int32))
            # decides the padding of a micro-batch
            lengths.append(np.maximum(table.lengths[queries], table.lengths[found]))
        self.row, self.candidate = np.concatenate(rows), np.concatenate(partners)
        self.member, self.lengths = np.concatenate(members), np.concatenate(lengths)
        if not len(self.row):
            files = ", ".join(str(member.tokens) for member in self.members)
            raise UserError(f"{self.task}: no pairs to train on in {files}. Check its data set.")

    def _candidates(self, index: int, queries: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the row of each query's candidate.

        Raises:
            UserError: a candidate occurs twice, or a query's candidate is missing.
        """
        table, file = self.tables[index], self.members[index].tokens
        rows = np.flatnonzero(table.column("side") == _CANDIDATE)
        known, first = np.unique(table.column("key")[rows], return_index=True)
        if len(known) < len(rows):
            twice = np.setdiff1d(np.arange(len(rows)), first)[0]
            example = table.column("example")[rows[twice]]
            raise UserError(f"{file}: candidate {example} occurs twice. Fix its data set.")
        wanted = table.column("key")[queries]
        absent = ~np.isin(wanted, known)
        if absent.any():
            example = table.column("example")[queries[np.argmax(absent)]]
            raise UserError(
                f"{file}: the right candidate of example {example} is not in the data set. "
                "Fix its data set."
            )
        found: npt.NDArray[np.int64] = rows[first[np.searchsorted(known, wanted)]]
        return found

    def sequences(self, batch: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
        """Return (index in ``tables``, row) of each text of a batch, the longest first.

        If two training sets (say, languages of one task) share a candidate, the first is taken.
        """
        queries = [(int(self.member[index]), int(self.row[index])) for index in batch]
        candidates: dict[int, tuple[int, int]] = {}
        for index, (member, row) in zip(batch, queries, strict=True):
            key = int(self.tables[member].column("key")[row])
            candidates.setdefault(key, (member, int(self.candidate[index])))
        texts = [*queries, *candidates.values()]
        return sorted(texts, key=lambda text: -int(self.tables[text[0]].lengths[text[1]]))
