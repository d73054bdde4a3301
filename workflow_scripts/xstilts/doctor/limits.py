"""Limits of the system for this user: paths of sockets, open files, processes."""

from __future__ import annotations

import os
import resource
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.doctor.base import Finding
from xstilts.errors import UserError
from xstilts.own_folder import own_folder
from xstilts.runner.fork_client import LONGEST_PATH
from xstilts.runner.run_folder import ELSEWHERE, FORK_SERVER, PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

_RANDOM = "x" * 8
"""As long as the random part of the names of temporary folders."""
OTHERS = len(f"/pymp-{_RANDOM}/listener-{_RANDOM}")
"""Bytes of the socket that Python's multiprocessing makes below TMPDIR."""
FILES, PROCESSES = 4096, 1024
"""Limits below which there is a warning."""


def sockets() -> Iterator[Finding]:
    """Check that the paths of sockets are short enough."""
    named, used = os.environ.get("TMPDIR"), tempfile.gettempdir()
    if named and Path(named).absolute() != Path(used).absolute():
        yield Finding(
            "warning",
            "TMPDIR",
            f"{named} is not a folder that you can write to: {used} is used instead",
            "Make it, or unset TMPDIR.",
        )
    try:
        folder, why = own_folder() / f"{PREFIX}{_RANDOM}", ""
    except UserError as error:
        folder, why = Path(used) / f"{ELSEWHERE}{_RANDOM}", f" ({error})"
    for subject, length in (
        ("socket of the run", len(os.fsencode(folder / FORK_SERVER))),
        ("sockets in TMPDIR", len(os.fsencode(used)) + OTHERS),
    ):
        found = f"paths of {length} bytes, at most {LONGEST_PATH - 1}"
        own = subject == "socket of the run"
        if length < LONGEST_PATH:
            yield Finding("ok", subject, f"{found}{why if own else ''}")
        else:
            slow = "jobs start without the fork server, each some seconds slower; "
            yield Finding(
                "warning",
                subject,
                f"{slow if own else ''}{found}{why if own else ''}",
                "Set TMPDIR to a folder with a shorter path, such as /tmp.",
            )


def user_limits() -> Iterator[Finding]:
    """Check the numbers of open files and of processes that a user may have."""
    for subject, limit, letter, little in (
        ("open files", resource.RLIMIT_NOFILE, "n", FILES),
        ("processes", resource.RLIMIT_NPROC, "u", PROCESSES),
    ):
        soft, hard = resource.getrlimit(limit)
        found = f"{_text(soft)} (hard limit {_text(hard)})"
        if soft == resource.RLIM_INFINITY or soft >= little:
            yield Finding("ok", subject, found)
            continue
        raised = hard == resource.RLIM_INFINITY or hard >= little
        do = f"ulimit -{letter} {little}" if raised else "Ask for a higher limit"
        yield Finding("warning", subject, found, f"{do}, before snakemake starts.")


def _text(limit: int) -> str:
    return "unlimited" if limit == resource.RLIM_INFINITY else f"{limit:,}"
