"""Numbers of training examples of strategies and targets that use a part of a training set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.chains import EMPTY_CHAIN, chain_label
from xstilts.manifest import facts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xstilts.chains import Member
    from xstilts.grid import Grid


def capped_examples(grid: Grid, base: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the number of training examples by strategy, and by target, as text.

    Strategies and targets that use whole training sets are left out. Stages of a sequence are
    separated by "then": "2,000 then 500".

    Args:
        grid: the study, in one view.
        base: base model, whose recipe may differ from that of others.
    """
    strategies: dict[str, list[tuple[str, bool]]] = {}
    for name, nodes in grid.names.strategies.items():
        labels = tuple(node.label for node in nodes)
        chains = [chain_label(labels[:end]) for end in range(1, len(labels) + 1)]
        strategies[name] = [_of_stage(grid, base, chain) for chain in chains]
    targets = {
        name: [
            _used(
                grid,
                node.members,
                grid.recipe(base, EMPTY_CHAIN, node.model)["max_train_examples"],
            )
        ]
        for name, node in grid.targets.items()
        if node.members
    }
    return _texts(strategies), _texts(targets)


def _texts(found: Mapping[str, Sequence[tuple[str, bool]]]) -> dict[str, str]:
    """Return the numbers of those that use a part of a training set."""
    return {
        name: " then ".join(text for text, _ in parts)
        for name, parts in found.items()
        if any(cut for _, cut in parts)
    }


def _of_stage(grid: Grid, base: str, chain: str) -> tuple[str, bool]:
    """Return the examples of a chain's last stage, without those of a target it is joined with."""
    trained = [name for name, node in grid.targets.items() if node.members]
    target = grid.targets[trained[0]].model if grid.joined(chain) and trained else None
    cap = grid.recipe(base, chain, target)["max_train_examples"]
    return _used(grid, grid.chains[chain][-1].members, cap)


def _used(grid: Grid, members: Iterable[Member], cap: int) -> tuple[str, bool]:
    """Return the number of examples as text, and True if any training set is larger than that."""
    total, cut, known = 0, False, True
    for member in members:
        size = _examples(Path(grid.paths.data(member.task, member.language, "train")))
        if size is None:
            # not read yet: the text says so
            total, known, cut = total + cap, False, cut or bool(cap)
        else:
            total, cut = total + (min(size, cap) if cap else size), cut or 0 < cap < size
    return f"{total:,}" if known else f"at most {total:,}" if cap else "all", cut


def _examples(manifest: Path) -> int | None:
    """Return the number of examples of a data set, queries for kinds with candidates.

    None if it has not been read yet.
    """
    facts = facts_of(manifest)
    return int(facts.get("queries", facts["rows"])) if facts else None
