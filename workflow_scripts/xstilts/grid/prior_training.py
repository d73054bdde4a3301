"""Strategies and targets of a study that repeat the prior training of a base model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.prior_training import KNOWN, shared_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xstilts.chains import Member
    from xstilts.config.bases import Base
    from xstilts.config.study import Study
    from xstilts.grid.grid import Grid


def trained_on(base: Base) -> tuple[str, ...]:
    """Return the tasks that a base was trained on before the study, as declared or known."""
    if base.trained_on is not None:
        return tuple(base.trained_on)
    known = KNOWN.get(base.hub or "")
    return known.tasks if known else ()


def repeated(grid: Grid, base: str) -> dict[str, list[str]]:
    """Return the strategies and targets whose training or test task a base has already seen.

    Args:
        grid: the study.
        base: name of the base model.

    Returns:
        Name of strategy or target to the tasks of the base's prior training that it repeats.
    """
    seen = trained_on(grid.study.bases[base])
    found: dict[str, list[str]] = {}
    for name, nodes in grid.names.strategies.items():
        found[name] = _shared(grid.study, (m for node in nodes for m in node.members), seen)
    for name, target in grid.targets.items():
        own = shared_data(target.task, seen)
        found[name] = list(dict.fromkeys([*own, *_shared(grid.study, target.members, seen)]))
    return {name: tasks for name, tasks in found.items() if tasks}


def _shared(study: Study, members: Iterable[Member], seen: Iterable[str]) -> list[str]:
    tasks = dict.fromkeys(member.task for member in members)
    known = study.known_tasks
    return list(dict.fromkeys(name for task in tasks for name in shared_data(known[task], seen)))


def notes(grid: Grid) -> Iterator[str]:
    """Yield a sentence per base model whose prior training the study repeats."""
    for base in grid.study.bases:
        names = repeated(grid, base)
        if not names:
            continue
        tasks = list(dict.fromkeys(task for found in names.values() for task in found))
        strategies = [name for name in names if name in grid.names.strategies]
        targets = [name for name in names if name in grid.targets]
        parts = [
            f"{noun}{'s' if len(some) > 1 else ''} {', '.join(some)}"
            for noun, some in (("strategy", strategies), ("target", targets))
            if some
        ]
        text = " and ".join(parts).replace("strategys", "strategies")
        yield (
            f"{base} was already trained on {', '.join(tasks)}{_source(grid.study, base)}: {text} "
            "repeat this training, so that gains are not those of an untrained step."
        )


def _source(study: Study, base: str) -> str:
    """Return where it is known from, in parentheses; empty for what the study declares."""
    known = KNOWN.get(study.bases[base].hub or "")
    return f" ({known.source})" if known and study.bases[base].trained_on is None else ""
