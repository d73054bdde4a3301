"""``xstilts tasks``: the tasks as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from xstilts.kinds import Split
    from xstilts.tasks.base import Task

SPLITS: tuple[Split, ...] = ("train", "validation", "test")


def _size(task: Task, split: Split) -> str:
    """Return the examples per language of a split as text; ``?`` if unknown, ``-`` if absent."""
    if split not in task.files:
        return "-"
    size = task.sizes.get(split)
    known = {code: sizes[split] for code, sizes in task.sizes_of.items() if split in sizes}
    if size is None and len(known) == 1:
        return "".join(f"{code}: {number:,}" for code, number in known.items())
    if size is None and known:
        size = min(known.values()), max(known.values())
    if size is None:
        return "?"
    return f"{size:,}" if isinstance(size, int) else f"{size[0]:,} to {size[1]:,}"


def _sources(task: Task) -> str:
    """Return the possible sources of a task's examples."""
    if task.kind == "mlm":
        return "text"
    hub = [f"hub and mirror ({task.hub.repo})"] if task.hub else []
    generated = ["microworld"] if task.microworld else []
    return ", ".join(["original", *hub, *generated])


def task_rows() -> list[tuple[str, ...]]:
    """Return a row per task, after a header."""
    header = ("task", "kind", "metric", "trained on", "languages", "train/dev/test", "sources")
    rows: list[tuple[str, ...]] = [(*header, "licence")]
    rows += [
        (
            task.name,
            task.kind,
            task.metric,
            task.train or "-",
            str(len(task.languages) or "any"),
            "/".join(_size(task, split) for split in SPLITS),
            _sources(task),
            task.licence,
        )
        for task in TASKS.values()
    ]
    return rows
