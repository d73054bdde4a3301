"""A contrast of scores by seed, with its bootstrap replicates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A contrast of scores by seed, already averaged over languages."""

    by_seed: Mapping[int, float]
    """Seed to value."""
    replicates_BS: npt.NDArray[np.floating] | None
    """Bootstrap replicates, seeds in the order of ``by_seed``; None if examples are not
    resampled."""
    swapped_B: npt.NDArray[np.float64] | None = None
    """Replicates of the permutation test: mean over seeds, sides swapped at random by cluster."""
    num_examples: int = 0
    why_no_examples: str = ""
    notes: tuple[str, ...] = ()
    """Notes on the way in which the examples are drawn."""

    @property
    def values_S(self) -> npt.NDArray[np.float64]:
        """The values, [S]."""
        return np.array(list(self.by_seed.values()), np.float64)

    @property
    def uncertainty(self) -> str:
        """The sources of variation that the interval covers, and why not more."""
        several = len(self.by_seed) > 1
        if not self.by_seed:
            return "no result"
        if self.replicates_BS is None:
            return f"{'seeds only' if several else 'none: one seed'}; {self.why_no_examples}"
        covers = "seeds and examples"
        if not several:
            covers = "examples only: one seed, variance between seeds unknown"
        return "; ".join(filter(None, (covers, self.why_no_examples, *self.notes)))


def combine(parts: Sequence[tuple[float, Difference]]) -> Difference:
    """Return a weighted sum of differences, over the seeds that all have.

    A part without bootstrap replicates contributes only its values; ``uncertainty`` then says so.
    Seeds are paired across parts: the models of one seed share their intermediate stages.
    """
    seeds = [seed for seed in parts[0][1].by_seed if all(seed in part.by_seed for _, part in parts)]
    values = {seed: sum(weight * part.by_seed[seed] for weight, part in parts) for seed in seeds}
    lacking = [part.why_no_examples for _, part in parts if part.replicates_BS is None]
    with_examples = [(weight, part) for weight, part in parts if part.replicates_BS is not None]
    replicates = swapped = None
    if with_examples and seeds:
        nothing = np.zeros((len(seeds), 1), np.float32)
        replicates = sum((np.float32(w) * _rows(part, seeds) for w, part in parts), nothing).T
    if with_examples and all(part.swapped_B is not None for _, part in parts):
        swapped = sum((w * np.asarray(part.swapped_B) for w, part in parts), np.zeros(1))
    why = ""
    if lacking:
        share = f"{len(lacking)} of {len(parts)} parts over seeds only: " if with_examples else ""
        why = share + "; ".join(dict.fromkeys(lacking))
    return Difference(
        by_seed=values,
        replicates_BS=replicates,
        swapped_B=swapped,
        num_examples=sum(part.num_examples for _, part in parts),
        why_no_examples=why,
        notes=tuple(dict.fromkeys(note for _, part in parts for note in part.notes)),
    )


def _rows(part: Difference, seeds: Sequence[int]) -> npt.NDArray[np.floating]:
    """Replicates of some seeds, [S, B]; the values themselves, [S, 1], without replicates."""
    if part.replicates_BS is None:
        return np.array([[part.by_seed[seed]] for seed in seeds], np.float32)
    columns = list(part.by_seed)
    return part.replicates_BS.T[[columns.index(seed) for seed in seeds]]
