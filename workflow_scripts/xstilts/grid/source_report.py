"""The sources of a study's data sets as text, for dry runs, plans, tables and the report."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from xstilts.chains import translation_language
from xstilts.errors import UserError
from xstilts.grid.read_sets import data_manifests
from xstilts.grid.source_choice import parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xstilts.grid.grid import Grid
    from xstilts.grid.sources import TextFiles
    from xstilts.kinds import Split

NOWHERE = "missing"
"""Source of a data set that no source has: a plan lists it, a run ends with an error."""


MADE = frozenset({"translation", "translated file"})
"""Sources of translated training sets, which are no part of a release."""


def data_sets(grid: Grid) -> dict[str, list[tuple[str, Split]]]:
    """Return the (language, split) pairs that the study reads, by task."""
    found: dict[str, list[tuple[str, Split]]] = {}
    for task, language, split, _ in data_manifests(grid):
        found.setdefault(task, []).append((language, split))
    return dict(sorted(found.items()))


def sources_of(grid: Grid, task: str, language: str, split: Split) -> str:
    """Return the source of a data set as text: ``hub``; ``mnli hub, snli url`` for parts."""
    study, spec = grid.study, grid.study.known_tasks[task]
    if study.source == "microworld":
        return study.source
    if translation_language(language):
        return "translated file" if task in study.translations.files else "translation"
    if spec.kind == "mlm":
        found = (_text_source(item) for item in grid.text_sources(task, language))
        return ", ".join(dict.fromkeys(found))
    try:
        found_parts = parts(study, spec, language, split)
    except UserError:
        return NOWHERE
    if len({part.source for part in found_parts}) == 1:
        return found_parts[0].source
    return ", ".join(f"{part.task.name} {part.source}" for part in found_parts)


def _text_source(item: str | TextFiles) -> str:
    if isinstance(item, str):
        return f"text of {item.split('/')[3]}"
    return f"hub {item.request['repo']}" if item.request else "files"


@functools.lru_cache(maxsize=16)
def by_source(grid: Grid) -> dict[tuple[str, Split], dict[str, list[str]]]:
    """Return the languages of each task and split by their source, in the study's order."""
    found: dict[tuple[str, Split], dict[str, list[str]]] = {}
    for task, sets in data_sets(grid).items():
        for language, split in sets:
            group = found.setdefault((task, split), {})
            group.setdefault(sources_of(grid, task, language, split), []).append(language)
    return found


def source_lines(grid: Grid) -> Iterator[str]:
    """Yield a line per source with its data sets; none in the microworld."""
    if grid.study.source == "microworld":
        return
    found = by_source(grid)
    splits: dict[str, dict[str, list[str]]] = {}
    for (task, split), groups in found.items():
        for source in groups:
            splits.setdefault(source, {}).setdefault(task, []).append(split)
    for source, tasks in sorted(splits.items()):
        # splits only where those of a task differ in their source
        listed = ", ".join(
            task if _is_whole(found, task, source) else f"{task} {' '.join(of)}"
            for task, of in tasks.items()
        )
        yield f"{source}: {listed}"


def _is_whole(found: dict[tuple[str, Split], dict[str, list[str]]], task: str, source: str) -> bool:
    own = [set(groups) - MADE for (name, _), groups in found.items() if name == task]
    return source not in MADE and all(groups <= {source} for groups in own)


def mixed(grid: Grid) -> Iterator[str]:
    """Yield a remark for each task and split whose languages have different sources."""
    for (task, split), groups in by_source(grid).items():
        own = {source: codes for source, codes in groups.items() if source not in MADE}
        if len(own) > 1 and grid.study.known_tasks[task].kind != "mlm":
            yield f"{task} ({split}) mixes sources: {'; '.join(_listed(own))}"


def _listed(groups: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for source, codes in groups.items():
        yield f"{source} {' '.join(codes)}"
