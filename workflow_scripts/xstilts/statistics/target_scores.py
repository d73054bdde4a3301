"""All scores of one (model, target), and their bootstrap replicates."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats

from xstilts.errors import UserError
from xstilts.statistics.difference import Difference
from xstilts.statistics.inference import LEVEL
from xstilts.statistics.resample import Swaps, bootstrap_scores

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import numpy.typing as npt

    from xstilts.statistics.counts import Counts

Key = tuple[str, int, str]
"""Strategy, seed, language."""

SWAPS = 2000
"""Number of random swaps in the permutation test; its p-value is at least 1 / (SWAPS + 1)."""

_TAIL = (1 + LEVEL) / 2

Over = Literal["mean", "gap"]
"""Aggregation over languages: the mean, or the source language minus the mean of the others."""


class TargetScores:
    """Scores of one model and target by strategy, seed and language."""

    def __init__(
        self,
        name: str,
        scores: Mapping[Key, float],
        counts: Mapping[Key, Counts | str],
        num_examples: Mapping[str, int],
        size: int,
        clusters: Mapping[str, Mapping[str, str]] | None = None,
        notes: Mapping[str, str] | None = None,
    ) -> None:
        """Draw the bootstrap replicates of the scores that have counts.

        Args:
            name: task and split of the examples: targets of one task share their bootstrap samples.
            scores: the result rows' values of the headline metric.
            counts: summands of the metric by example, or why there are none.
            num_examples: language to number of examples.
            size: number of bootstrap samples.
            clusters: language to example id to the cluster that it is drawn with
                (``statistics.clusters``); examples without one are drawn singly.
            notes: language to the reason why its examples are drawn singly, if they should not be.

        Raises:
            UserError: two strategies were evaluated on different examples.
        """
        self.name, self.scores, self.num_examples = name, dict(scores), num_examples
        self.size, self._notes = size, dict(notes or {})
        self.why: dict[str, str] = {}
        """Strategy to the reason why its examples are not resampled."""
        for key in scores:
            found = counts.get(key, "predictions are missing")
            if isinstance(found, str):
                self.why[key[0]] = found
            elif abs(found.value() - scores[key]) > 1e-6:
                self.why[key[0]] = "the predictions are not those that were scored"
        self.counts: dict[Key, Counts] = {
            key: found
            for key, found in counts.items()
            if key[0] not in self.why and key in scores and not isinstance(found, str)
        }
        self._fill()
        self._check_examples()
        self._clustered = self._by_cluster(clusters or {})
        self._replicates = self._bootstrap()

    def _fill(self) -> None:
        """Align sparse counts: all files of a language get the union of their examples.

        Mining lists only sentences that have a pair, and each model finds different ones.
        """
        sparse = {key: found for key, found in self.counts.items() if found.sparse}
        ids: dict[str, set[str]] = {}
        for (_, _, language), found in sparse.items():
            ids.setdefault(language, set()).update(found.ids)
        listed = {language: sorted(found) for language, found in ids.items()}
        for key, found in sparse.items():
            self.counts[key] = found.with_ids(listed[key[2]])

    def _check_examples(self) -> None:
        of_language: dict[str, tuple[str, ...]] = {}
        for (strategy, seed, language), found in self.counts.items():
            if of_language.setdefault(language, found.ids) != found.ids:
                raise UserError(
                    f"{self.name}: {language}: the predictions of {strategy}, seed {seed}, are for "
                    "other examples than those of another strategy. Delete them to predict again."
                )

    def _by_cluster(self, clusters: Mapping[str, Mapping[str, str]]) -> list[dict[Key, Counts]]:
        """Counts by cluster, of cells with the same clusters: those of parallel languages."""
        listed: dict[str, tuple[tuple[str, ...], npt.NDArray[np.intp]]] = {}
        groups: dict[tuple[str, ...], dict[Key, Counts]] = {}
        for key, found in self.counts.items():
            language = key[2]
            if language not in listed:
                of_example = clusters.get(language, {})
                listed[language] = _numbered([of_example.get(one, one) for one in found.ids])
            names, index_N = listed[language]
            summed = found if names == found.ids else found.summed(names, index_N)
            groups.setdefault(names, {})[key] = summed
        return list(groups.values())

    def _bootstrap(self) -> dict[Key, npt.NDArray[np.float32]]:
        """Replicates of each cell's score; a cluster has the same weights in all cells.

        Intervals of G clusters are too narrow by about 1 / G: deviations from the score are
        expanded by that factor, which is 1.06 for 30 clusters and 1.002 for 830.

        Source: Hesterberg 2015, arXiv 1411.5279, section 4.3 (expanded percentile interval).
        """
        replicates: dict[Key, npt.NDArray[np.float32]] = {}
        for group in self._clustered:
            counts = list(group.values())
            own_C1 = np.array([[one.value()] for one in counts], np.float32)
            scores_CB = bootstrap_scores(counts, self.size, "examples", self.name)
            scores_CB -= own_C1
            scores_CB *= _expansion(len(counts[0].ids))
            scores_CB += own_C1
            replicates |= zip(group, scores_CB, strict=True)
        return replicates

    def _shared(self, strategy: str, other: str | None) -> dict[int, list[str]]:
        """Seed to the languages that both strategies have."""
        found: dict[int, list[str]] = {}
        for name, seed, language in self.scores:
            if name == strategy and (other is None or (other, seed, language) in self.scores):
                found.setdefault(seed, []).append(language)
        return found

    def difference(
        self,
        strategy: str,
        other: str | None,
        over: Over = "mean",
        source: str = "",
        *,
        swaps: bool = False,
        among: Collection[str] | None = None,
    ) -> Difference:
        """A strategy's score minus another's, in the seeds and languages that both have.

        Args:
            strategy: the first.
            other: the second; None for the score alone.
            over: aggregation over languages.
            source: source language, for the gap.
            swaps: also draw the swaps of the permutation test.
            among: languages to include; None is all.
        """
        shared = {
            seed: [name for name in languages if among is None or name in among]
            for seed, languages in self._shared(strategy, other).items()
        }
        weights = {
            seed: weighted
            for seed, languages in shared.items()
            if (weighted := _weights(languages, over, source))
        }
        sides = [(strategy, 1.0), *([(other, -1.0)] if other else [])]
        values = {
            seed: sum(
                sign * weight * self.scores[name, seed, language]
                for language, weight in weighted.items()
                for name, sign in sides
            )
            for seed, weighted in weights.items()
        }
        languages = {language for weighted in weights.values() for language in weighted}
        why = next((self.why[name] for name, _ in sides if name in self.why), "")
        replicates = None
        if weights and not why:
            replicates = np.stack(
                [
                    sum(sign * self._replicate_mean(name, seed, weighted) for name, sign in sides)
                    for seed, weighted in weights.items()
                ]
            ).T
        swapped = None
        if replicates is not None and other and swaps:
            swapped = self._swapped(strategy, other, weights)
        return Difference(
            by_seed=values,
            replicates_BS=replicates,
            swapped_B=swapped,
            num_examples=sum(self.num_examples.get(language, 0) for language in languages),
            why_no_examples=why,
            notes=self._notes_on(languages) if replicates is not None else (),
        )

    def _notes_on(self, languages: set[str]) -> tuple[str, ...]:
        """Notes on the examples that are drawn singly in some of the languages."""
        listed: dict[str, list[str]] = {}
        for language in sorted(languages & self._notes.keys()):
            listed.setdefault(self._notes[language], []).append(language)
        return tuple(
            f"examples of {', '.join(names)} drawn singly: {why}" for why, names in listed.items()
        )

    def _replicate_mean(
        self, strategy: str, seed: int, weights: Mapping[str, float]
    ) -> npt.NDArray[np.float32]:
        """Weighted sum over languages, in each bootstrap replicate."""
        total_B = np.zeros(self.size, np.float32)
        for language, weight in weights.items():
            total_B += np.float32(weight) * self._replicates[strategy, seed, language]
        return total_B

    def _swapped(
        self, strategy: str, other: str, weights: Mapping[int, Mapping[str, float]]
    ) -> npt.NDArray[np.float64]:
        """Mean over seeds of the difference, with the strategies swapped by cluster."""
        total_B = np.zeros(SWAPS)
        for keys, swaps in self._swaps:
            cells = [
                (at, keys[other, seed, language], weights[seed][language])
                for (name, seed, language), at in keys.items()
                if name == strategy and language in weights.get(seed, {})
            ]
            if cells:
                firsts, others, weight_C = zip(*cells, strict=True)
                total_B += np.array(weight_C) @ swaps.differences(firsts, others)
        return total_B / len(weights)

    @cached_property
    def _swaps(self) -> list[tuple[dict[Key, int], Swaps]]:
        """For each set of clusters, the indices of its cells, and their random swaps."""
        return [
            (
                {key: at for at, key in enumerate(group)},
                Swaps(list(group.values()), SWAPS, "swaps", self.name),
            )
            for group in self._clustered
        ]


def _expansion(num_clusters: int) -> np.float32:
    """Factor of the deviations of G clusters: that of the variance, and Student's for normal."""
    if num_clusters < 2:
        return np.float32(1)
    tails = stats.t.ppf(_TAIL, num_clusters - 1) / stats.norm.ppf(_TAIL)
    return np.float32(tails * np.sqrt(num_clusters / (num_clusters - 1)))


def _numbered(names: Sequence[str]) -> tuple[tuple[str, ...], npt.NDArray[np.intp]]:
    """The distinct names in order, and the index of each name among them."""
    distinct = tuple(sorted(set(names)))
    index_of = {name: index for index, name in enumerate(distinct)}
    return distinct, np.array([index_of[name] for name in names], np.intp)


def _weights(languages: Sequence[str], over: Over, source: str) -> dict[str, float]:
    """Language to its weight; empty if the gap lacks a language that it needs."""
    if over == "mean" and languages:
        return dict.fromkeys(languages, 1 / len(languages))
    others = [language for language in languages if language != source]
    if source not in languages or not others:
        return {}
    return {source: 1.0, **dict.fromkeys(others, -1 / len(others))}
