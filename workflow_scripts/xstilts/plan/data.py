"""Data of a study: licences, missing files, and data that users must obtain themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.chains import translation_language
from xstilts.errors import UserError
from xstilts.grid import identities
from xstilts.grid.sources import archives, requests
from xstilts.plan.known_models import GATED
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.grid import Grid
    from xstilts.kinds import Split
    from xstilts.tasks.base import Archive

    Sets = Sequence[tuple[str, Split]]


def data_sets(grid: Grid) -> dict[str, list[tuple[str, Split]]]:
    """Return the (language, split) pairs that the study reads, by task."""
    found: dict[str, list[tuple[str, Split]]] = {}
    paths = (*grid.training_data(), *grid.selection_data(), *grid.evaluation_data())
    for path in dict.fromkeys(paths):
        _, _, _, task, language, split = path.removesuffix(".json").split("/")
        found.setdefault(task, []).append((language, split))  # type: ignore[arg-type]
    return dict(sorted(found.items()))


def missing(grid: Grid, task: str, language: str, split: Split) -> str:
    """Return what is missing of a data set; empty if nothing, or if the workflow makes it."""
    spec, study = TASKS[task], grid.study
    if study.source == "microworld":
        return ""
    if translation_language(language):
        made = study.translations
        return "" if task in made.files or made.model else "no file or model of its translation"
    folder = {"original": "data_root", "mirror": "mirror"}.get(study.source)
    if spec.kind != "mlm" and folder and getattr(study, folder) is None:
        return f"{folder} is not set"
    try:
        if requests(grid.study, spec, language, split):
            exists = Path(grid.paths.download(task, language, split)).is_file()
            return "" if exists else "to be downloaded"
        identities.data_files(grid, task, language, split)
    except UserError as error:
        return str(error).partition(". Tried")[0].removeprefix("source: ")
    return ""


def data_report(grid: Grid) -> list[dict[str, Any]]:
    """Return an entry per task: languages, splits, licence, archive size, missing files."""
    report = []
    generated = grid.study.source == "microworld"
    for task, sets in data_sets(grid).items():
        absent: dict[tuple[str, str], list[str]] = {}
        for language, split in sets:
            if text := missing(grid, task, language, split):
                absent.setdefault((split, text.replace(f" in {language!r}", "")), []).append(
                    language
                )
        spec = TASKS[task]
        report.append(
            {
                "task": task,
                "sets": len(sets),
                "languages": len({language for language, _ in sets}),
                "splits": sorted({split for _, split in sets}),
                "licence": "generated" if generated else spec.licence,
                "restricted": "" if generated else spec.restricted,
                "download_bytes": 0 if generated else _download_bytes(grid, task, sets),
                "unverified": unverified(grid, task, sets),
                "homepage": "" if generated else spec.homepage,
                "missing": [
                    {"split": split, "reason": reason, "languages": codes}
                    for (split, reason), codes in absent.items()
                ],
            }
        )
    return report


def _archives(grid: Grid, task: str, sets: Sets) -> dict[str, Archive]:
    """Return the archives on the web of a task's data sets, by address."""
    found = (archives(grid.study, TASKS[task], *data_set) for data_set in sets)
    return {archive.url: archive for of_set in found for archive in of_set}


def _download_bytes(grid: Grid, task: str, sets: Sets) -> int:
    """Return the size of a task's archives; 0 if unknown."""
    on_web = _archives(grid, task, sets)
    return sum(archive.size for archive in on_web.values()) if on_web else TASKS[task].download


def unverified(grid: Grid, task: str, sets: Sets) -> list[str]:
    """Return what nobody could confirm about a task's downloads by URL, one text per address."""
    found = _archives(grid, task, sets).values()
    return [f"{archive.url}: {archive.unverified}" for archive in found if archive.unverified]


def unverified_message(grid: Grid) -> str:
    """Return a warning about all downloads of a study that are not confirmed; empty if none."""
    lines = [
        f"  {task}: {text}"
        for task, sets in data_sets(grid).items()
        for text in unverified(grid, task, sets)
    ]
    return "\n".join(["Downloads that nobody could confirm:", *lines]) if lines else ""


def gated_models(grid: Grid) -> list[str]:
    """Return the Hub models whose licence must be accepted and that are not imported yet."""
    found = []
    for base, settings in grid.study.bases.items():
        imported = Path(grid.paths.base(base)).is_file()
        if settings.hub and settings.hub.startswith(GATED) and not imported:
            found.append(settings.hub)
    return found
