"""Strategies that are left out of a study: in its microworld version, or for lack of data."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


def without(
    strategies: Mapping[str, Any],
    contrasts: Iterable[Any],
    dropped: Collection[str],
    renamed: Mapping[str, str] = MappingProxyType({}),
) -> tuple[dict[str, Any], list[Any]]:
    """Return the strategies and contrasts that are left.

    Args:
        strategies: stages by name of the strategy.
        contrasts: pairs of names.
        dropped: names of strategies to leave out, with all contrasts that have them.
        renamed: new names of strategies that remain.
    """
    left = {
        renamed.get(name, name): stages
        for name, stages in strategies.items()
        if name not in dropped
    }
    pairs: list[Any] = []
    for pair in contrasts:
        if not isinstance(pair, list | tuple) or not all(isinstance(name, str) for name in pair):
            # rejected with its line when the study is validated
            pairs.append(pair)
        elif not {*pair} & {*dropped}:
            pairs.append(tuple(renamed.get(name, name) for name in pair))
    return left, pairs
