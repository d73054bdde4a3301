"""Clusters that languages have in common, so that bootstrap samples draw them together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Clusters = dict[str, dict[str, str]]
"""Language to example id to the name of its cluster, which has one meaning in all languages."""

FEWEST = 20
"""Minimum number of clusters of a language; if it has fewer, its examples are drawn singly."""
_AGREEMENT = 0.9
"""Two languages number the same examples if joining their clusters keeps this share of them."""


class _Forest:
    """Disjoint sets of names; the root of a set is its smallest name."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._parents

    def root(self, name: str) -> str:
        """The smallest name in the set of a name, which is added if it is new."""
        parents = self._parents
        parents.setdefault(name, name)
        while (parent := parents[name]) != name:
            parents[name] = parents[parent]
            name = parents[name]
        return name

    def join(self, first: str, second: str) -> None:
        """Make one set of the sets of two names."""
        low, high = sorted((self.root(first), self.root(second)))
        self._parents[high] = low

    def num_sets(self) -> int:
        """Number of sets."""
        return sum(name == parent for name, parent in self._parents.items())


def joined_clusters(
    of_language: Mapping[str, Mapping[str, str | None]], *, shared_ids: bool = True
) -> Clusters:
    """Join the clusters of all languages: those that share an example or a name become one.

    Questions of one paragraph may be in one language only, and a paragraph has another text in each
    language: clusters are the connected components of examples, by id, and of cluster names.

    The ids of some releases are line numbers, and a language that lacks some lines numbers the
    others differently. Joined by id, its clusters and those of the other languages would all become
    one; such a language keeps its ids to itself.

    Args:
        of_language: language to example id to the name of its cluster, None for an example alone.
        shared_ids: False if ids have no meaning across languages; only names join them then.

    Returns:
        Language to id to cluster, empty if every example is alone. Names depend on the other
        languages only where clusters do.
    """
    if not shared_ids:
        return {
            language: {one: name or f"{language}\0{one}" for one, name in clusters.items()}
            for language, clusters in of_language.items()
        }
    if not any(name for clusters in of_language.values() for name in clusters.values()):
        return {}
    forest, first_of, prefixes = _Forest(), dict[str, str](), dict[str, str]()
    for language, clusters in sorted(of_language.items()):
        prefixes[language] = prefix = "" if _agree(forest, clusters) else f"{language}\0"
        for one, name in clusters.items():
            example = forest.root(prefix + one)
            if name is not None:
                forest.join(example, first_of.setdefault(name, example))
    return {
        language: {one: forest.root(prefixes[language] + one) for one in clusters}
        for language, clusters in of_language.items()
    }


def too_few(clusters: Mapping[str, str | None]) -> bool:
    """True if examples of a language share clusters that are too few to estimate a variance from.

    Source: Cameron, Gelbach and Miller 2008, "Bootstrap-Based Improvements for Inference with
    Clustered Errors", on the error of few clusters.
    """
    distinct = {name or one for one, name in clusters.items()}
    return len(distinct) < min(FEWEST, len(clusters))


def _agree(forest: _Forest, clusters: Mapping[str, str | None]) -> bool:
    """True if a language groups the examples that it shares with others as these do, by and large.

    Languages may differ in single sentences (two premises with one translation), and one may have
    finer clusters than another.
    """
    shared = [one for one in clusters if one in forest]
    pairs = [(f"a{forest.root(one)}", f"b{clusters[one] or one}") for one in shared]
    both = _Forest()
    for ours, theirs in pairs:
        both.join(ours, theirs)
    fewest = min((len(set(side)) for side in zip(*pairs, strict=True)), default=0)
    return both.num_sets() >= _AGREEMENT * fewest
