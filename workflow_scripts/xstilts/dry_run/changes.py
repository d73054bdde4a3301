"""Why existing products are made again: the changes of their identities."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from xstilts.dry_run.jobs import counted, kind_of
from xstilts.dry_run.text import clip, some
from xstilts.errors import UserError
from xstilts.explain import Disk, shown
from xstilts.grid.products import find_product
from xstilts.snakemake_metadata import is_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xstilts.dry_run.jobs import DryJob
    from xstilts.grid import Grid

_COMPARED = 100
"""Number of products of each kind whose identities are compared."""
_VALUE = 32
"""Maximum number of characters of a value."""

_OTHER = {
    "forced": "forced by an option of this command",
    "stopped": "their jobs were stopped before the end",
    "incomplete": "some of their files are missing",
    "input": "an input is made in this run",
    "changed": "other changes, see `xstilts explain PATH`",
}
"""Reasons other than a change of the identity, the strongest first."""


def why_again(grid: Grid, jobs: Iterable[DryJob]) -> tuple[list[str], list[str]]:
    """Return lines with the reasons for making existing products again, and errors.

    Args:
        grid: the study.
        jobs: jobs whose products exist.
    """
    disk, found, errors = Disk(grid), defaultdict[str, list[str]](list), dict[str, None]()
    compared, left_out = Counter[str](), list[str]()
    for job in jobs:
        kind = kind_of(job.product)
        if "changed" not in job.causes:
            found[_other(job)].append(job.product)
        elif compared[kind] == _COMPARED:
            left_out.append(job.product)
        else:
            compared[kind] += 1
            try:
                texts = _changes(grid, job, disk)
            except UserError as error:
                errors[str(error)] = None
                continue
            for text in texts or [_other(job)]:
                found[text].append(job.product)
    lines = list(_lines(found))
    if left_out:
        lines.append(f"  not compared, likely for the same reasons: {counted(left_out)}")
    return lines, list(errors)


def _other(job: DryJob) -> str:
    return next((text for cause, text in _OTHER.items() if cause in job.causes), _OTHER["changed"])


def _changes(grid: Grid, job: DryJob, disk: Disk) -> list[str]:
    """Return the changes of a product's identity as text, those of its code in one."""
    if not job.identity_file.is_file():
        return []
    changes = disk.changes(find_product(grid, job.identity_file.as_posix()))
    if changes is None:
        return ["made with an unknown identity"]
    code = sorted(
        key.partition("code.")[2].removeprefix("xstilts.") for key, _, _ in changes if is_code(key)
    )
    texts = [_text(*change) for change in changes if not is_code(change[0])]
    if code:
        texts.append(f"code: {some(code, 60)}")
    return list(dict.fromkeys(texts))


def _text(key: str, old: Any, new: Any) -> str:
    """Return one change as text; digests of inputs say nothing to people."""
    if key.startswith("inputs."):
        word = "new" if old is None else "removed" if new is None else "other content"
        return f"input {key.removeprefix('inputs.')}: {word}"
    values = (clip(shown(value), _VALUE) for value in (old, new))
    return f"{key.removeprefix('declared.')}: {' -> '.join(values)}"


def _lines(found: dict[str, list[str]]) -> Iterator[str]:
    """Yield a line per reason, those of most products first, general reasons last."""
    general = list(_OTHER.values())
    order = sorted(
        found, key=lambda text: (general.index(text) if text in general else -1, -len(found[text]))
    )
    for text in order:
        yield f"  {text}"
        yield f"    {some([counted(found[text]), *found[text][:1]], 94)}"
