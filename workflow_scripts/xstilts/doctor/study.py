"""A study: whether it loads, and whether its data and bases exist or are to be fetched."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from huggingface_hub import HfApi
from huggingface_hub.errors import RevisionResolutionError

from xstilts.checkpoints import require_complete
from xstilts.doctor.base import Finding
from xstilts.errors import UserError
from xstilts.hub import Repository
from xstilts.plan.build import Options, build_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from xstilts.grid import Grid


@dataclass(kw_only=True)
class StudyNeeds:
    """A study's findings, and what it needs of the machine."""

    findings: list[Finding] = field(default_factory=list)
    disk: int = 0
    """Bytes that its results still need at most; 0 if unknown."""
    downloads: bool | None = None
    """True if it still has to download from the hub; None without a study."""
    caches: dict[str, Path] = field(default_factory=dict)
    """Key of the study to the folder of its downloads."""


def study_needs(load: Callable[[], Grid]) -> StudyNeeds:
    """Load a study and look for its data and bases, as ``xstilts plan`` does.

    Args:
        load: returns the study.
    """
    needs = StudyNeeds()
    try:
        grid = load()
        plan = build_plan(grid, Options())
    except UserError as error:
        needs.findings += [Finding("fault", "study", line) for line in str(error).splitlines()]
        return needs
    study = grid.study
    cells = plan["counts"]["predicted_cells"]
    needs.findings.append(Finding("ok", "study", f"{study.study} loads: {cells} predicted cells"))
    needs.findings += [Finding("warning", "study", text) for text in grid.gaps.sentences()]
    needs.findings += [finding for item in plan["data"] for finding in _data(item)]
    bases = list(_bases(grid))
    needs.findings += bases
    needs.findings += [
        Finding(
            "warning",
            "study",
            f"the licence of {model} must be accepted on the hub",
            f"Accept it on the page of {model} and set HF_TOKEN.",
        )
        for model in plan["gated_models"]
    ]
    # what exists already takes no more
    needs.disk = max(0, plan["disk"]["peak_bytes"] - _bytes_in(Path(grid.paths.root)))
    needs.downloads = any(item["downloads"] for item in plan["data"]) or any(
        "to be fetched" in finding.found for finding in bases
    )
    if study.source != "microworld":
        needs.caches = {
            "hub_cache": Path(study.hub_cache),
            "release_cache": Path(study.release_cache),
        }
    return needs


def _bytes_in(folder: Path) -> int:
    """Return the bytes of the files in a folder."""
    total = 0
    for file in folder.rglob("*"):
        # jobs may be running
        with contextlib.suppress(OSError):
            total += file.stat().st_size if file.is_file() else 0
    return total


def _data(item: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is missing of a task's data sets; else what is found or to be fetched."""
    subject = f"data of {item['task']}"
    for absent in item["missing"]:
        languages = ", ".join(absent["languages"])
        yield Finding(
            "fault",
            subject,
            f"{absent['split']} ({languages}): {absent['reason']}",
            f"Obtain it yourself: {item['homepage']}."
            if item["restricted"]
            else "docs/data.md says where data come from, and what to set.",
        )
    if item["missing"]:
        return
    later = f", {item['downloads']} of them to be fetched" if item["downloads"] else ""
    origins = ", ".join(sorted({name for groups in item["sources"].values() for name in groups}))
    yield Finding("ok", subject, f"{item['sets']} data sets from {origins}{later}")


def _bases(grid: Grid) -> Iterator[Finding]:
    """Yield where each base model is."""
    for name, base in grid.study.bases.items():
        subject = f"base {name}"
        if Path(grid.paths.base(name)).is_file():
            yield Finding("ok", subject, "made" if base.pretrain else "imported")
        elif base.pretrain:
            yield Finding("ok", subject, "is pretrained by the study")
        elif base.path is not None:
            try:
                require_complete(Path(base.path), f"bases.{name}.path")
            except UserError as error:
                yield Finding("fault", subject, str(error))
            else:
                yield Finding("ok", subject, f"complete in {base.path}")
        else:
            repository = Repository(name=base.hub or "", revision=base.revision)
            where = "in the Hugging Face cache" if _is_cached(repository) else "to be fetched"
            yield Finding("ok", subject, f"{repository}: {where}")


def _is_cached(repository: Repository) -> bool:
    """Return True if the cache knows a repository's revision; its files may be incomplete."""
    try:
        HfApi().resolve_revision(**repository.arguments, local_files_only=True)
    except RevisionResolutionError:
        return False
    return True
