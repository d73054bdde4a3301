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
    from xstilts.grid import Grid
    from xstilts.kinds import Split


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
                "download_bytes": 0 if generated else spec.download,
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


def gated_models(grid: Grid) -> list[str]:
    """Return the Hub models whose licence must be accepted and that are not imported yet."""
    found = []
    for base, settings in grid.study.bases.items():
        imported = Path(grid.paths.base(base)).is_file()
        if settings.hub and settings.hub.startswith(GATED) and not imported:
            found.append(settings.hub)
    return found
