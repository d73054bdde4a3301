"""Data of a study: licences, missing files, and data that users must obtain themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.chains import translation_language
from xstilts.data.row_counts import summarised
from xstilts.errors import UserError
from xstilts.grid import identities, sources
from xstilts.grid.read_sets import read_sets
from xstilts.grid.source_choice import declared_source
from xstilts.grid.source_report import by_source, data_sets
from xstilts.plan.known_models import GATED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.grid import Grid
    from xstilts.kinds import Split
    from xstilts.tasks.base import Archive

    Sets = Sequence[tuple[str, Split]]


NOT_SET = "{} is not set"
"""Why files are missing if the study does not name their folder."""
NO_DATA_ROOT = NOT_SET.format("data_root")


def missing(grid: Grid, task: str, language: str, split: Split) -> str:
    """Return what is missing of a data set; empty if it exists or the workflow makes it."""
    spec, study = grid.study.known_tasks[task], grid.study
    source = declared_source(study, spec)
    if source == "microworld":
        return ""
    if translation_language(language):
        made = study.translations
        return "" if task in made.files or made.model else "no file or model of its translation"
    folder = {"original": "data_root", "mirror": "mirror"}.get(source)
    if spec.kind != "mlm" and folder and sources.root_of(study, spec, source) is None:
        return NOT_SET.format(folder)
    try:
        identities.data_files(grid, task, language, split)
    except UserError as error:
        return str(error).partition(". Tried")[0].removeprefix("source: ")
    return ""


def _is_downloaded_later(grid: Grid, task: str, language: str, split: Split) -> bool:
    """True if the workflow has yet to download a data set."""
    if grid.study.source == "microworld" or translation_language(language):
        return False
    found = sources.requests(grid.study, grid.study.known_tasks[task], language, split)
    return bool(found) and not Path(grid.paths.download(task, language, split)).is_file()


def data_report(grid: Grid) -> list[dict[str, Any]]:
    """Return an entry per task: languages, splits, sources, licence, size, missing files."""
    report = []
    generated = grid.study.source == "microworld"
    origins = by_source(grid)
    for task, sets in data_sets(grid).items():
        absent: dict[tuple[str, str], list[str]] = {}
        downloads = 0
        for language, split in sets:
            if text := missing(grid, task, language, split):
                absent.setdefault((split, text.replace(f" in {language!r}", "")), []).append(
                    language
                )
            elif _is_downloaded_later(grid, task, language, split):
                downloads += 1
        spec = grid.study.known_tasks[task]
        report.append(
            {
                "task": task,
                "sets": len(sets),
                "languages": len({language for language, _ in sets}),
                "splits": sorted({split for _, split in sets}),
                "sources": {
                    split: origins[task, split] for split in sorted({split for _, split in sets})
                },
                "licence": "generated" if generated else spec.licence,
                "restricted": "" if generated else spec.restricted,
                "download_bytes": 0 if generated else _download_bytes(grid, task, sets),
                "unverified": unverified(grid, task, sets),
                "homepage": "" if generated else spec.homepage,
                "downloads": downloads,
                "missing": [
                    {"split": split, "reason": reason, "languages": codes}
                    for (split, reason), codes in absent.items()
                ],
            }
        )
    return report


def row_counts(grid: Grid) -> list[str]:
    """Return remarks on data sets that do not have the number of examples that their task states.

    Only data that have been read are known.
    """
    return summarised(read_sets(grid))


def _archives(grid: Grid, task: str, sets: Sets) -> dict[str, Archive]:
    """Return the archives on the web of a task's data sets, by address."""
    spec = grid.study.known_tasks[task]
    found = (sources.archives(grid.study, spec, *data_set) for data_set in sets)
    return {archive.url: archive for of_set in found for archive in of_set}


def _download_bytes(grid: Grid, task: str, sets: Sets) -> int:
    """Return the size of a task's archives; 0 if unknown."""
    if on_web := _archives(grid, task, sets):
        return sum(archive.size for archive in on_web.values())
    return grid.study.known_tasks[task].download


def unverified(grid: Grid, task: str, sets: Sets) -> list[str]:
    """Return what nobody could confirm about a task's downloads by URL, one text per address."""
    found = _archives(grid, task, sets).values()
    return [f"{archive.url}: {archive.unverified}" for archive in found if archive.unverified]


def unverified_downloads(grid: Grid) -> list[str]:
    """Return what nobody could confirm about all downloads by URL of a study."""
    return [
        f"not confirmed: {task}, {text}"
        for task, sets in data_sets(grid).items()
        for text in unverified(grid, task, sets)
    ]


def gated_models(grid: Grid) -> list[str]:
    """Return the Hub models whose licence must be accepted and that are not imported yet."""
    found = []
    for base, settings in grid.study.bases.items():
        imported = Path(grid.paths.base(base)).is_file()
        if settings.hub and settings.hub.startswith(GATED) and not imported:
            found.append(settings.hub)
    return found
