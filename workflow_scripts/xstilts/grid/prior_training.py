"""Strategies and targets of a study that repeat the prior training of a base model."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xstilts.prior_training import KNOWN, shared_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xstilts.config.bases import Base
    from xstilts.config.study import Study
    from xstilts.grid.grid import Grid


def trained_on(base: Base) -> tuple[str, ...]:
    """Return the tasks that a base was trained on before the study, as declared or known."""
    if base.trained_on is not None:
        return tuple(base.trained_on)
    known = KNOWN.get(base.hub or "")
    return known.tasks if known else ()


class Repeated(NamedTuple):
    """What repeats the prior training of a base model, with the tasks that it repeats."""

    strategies: dict[str, list[str]]
    targets: dict[str, list[str]]

    def tasks(self) -> list[str]:
        """Return the repeated tasks, each once."""
        found = [*self.strategies.values(), *self.targets.values()]
        return list(dict.fromkeys(task for tasks in found for task in tasks))


def repeated(grid: Grid, base: str) -> Repeated:
    """Return the strategies and targets whose training or test task a base has already seen.

    Args:
        grid: the study.
        base: name of the base model.
    """
    known, seen = grid.study.known_tasks, trained_on(grid.study.bases[base])

    def shared(tasks: Iterable[str]) -> list[str]:
        found = (name for task in tasks for name in shared_data(known[task], seen, known))
        return list(dict.fromkeys(found))

    strategies = {
        name: shared(member.task for node in nodes for member in node.members)
        for name, nodes in grid.names.strategies.items()
    }
    targets = {
        name: shared([node.task.name, *(member.task for member in node.members)])
        for name, node in grid.targets.items()
    }
    both = (strategies, targets)
    return Repeated(*({name: tasks for name, tasks in of.items() if tasks} for of in both))


def notes(grid: Grid) -> Iterator[str]:
    """Yield a sentence per base model whose prior training the study repeats."""
    for base in grid.study.bases:
        found = repeated(grid, base)
        parts = [
            f"{one if len(names) == 1 else several} {', '.join(names)}"
            for one, several, names in (
                ("strategy", "strategies", found.strategies),
                ("target", "targets", found.targets),
            )
            if names
        ]
        if parts:
            yield (
                f"{base} was already trained on {', '.join(found.tasks())}"
                f"{_source(grid.study, base)}: {' and '.join(parts)} repeat this training, so that "
                "gains are not those of an untrained step."
            )


def _source(study: Study, base: str) -> str:
    """Return where it is known from, in parentheses; empty for what the study declares."""
    known = KNOWN.get(study.bases[base].hub or "")
    return f" ({known.source})" if known and study.bases[base].trained_on is None else ""
