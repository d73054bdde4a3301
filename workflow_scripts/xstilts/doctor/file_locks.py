"""File locks on the file system of the results, tried between two processes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.doctor.base import TOOL_SECONDS, Finding
from xstilts.doctor.disks import existing_folder, filesystem, is_shared
from xstilts.locks import locked

if TYPE_CHECKING:
    from collections.abc import Iterator

SUBJECT = "file locks"
_TRY = (
    "import sys; from pathlib import Path; from xstilts.locks import free\n"
    "with free(Path(sys.argv[1])) as mine: print('free' if mine else 'held')"
)
_ONE_RUN = "Do not run two checkouts on these results at the same time."


def file_locks(results: Path = Path("results")) -> Iterator[Finding]:
    """Check that a lock that one process holds is refused to another one, and then given to it.

    Args:
        results: the folder; if it does not exist, the closest one that does is tried.
    """
    folder = existing_folder(results)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".doctor-") as temporary:
        file, said = Path(temporary) / "lock", list[str]()
        with locked(file, "the lock", said.append):
            held = _other_process(file)
        free = _other_process(file)
    kind = filesystem(folder)
    where = f"{folder} ({kind})"
    if said:
        yield Finding(
            "warning", SUBJECT, f"{where}: {said[0].partition(': ')[2]}", _mount_options()
        )
    elif (held, free) != ("held", "free"):
        yield Finding(
            "fault",
            SUBJECT,
            f"{where}: a lock that this process held was {held} for another one, then {free}",
            f"{_mount_options()} Until then: {_ONE_RUN}",
        )
    else:
        yield Finding("ok", SUBJECT, f"{where}: exclude the processes of this machine")
    if is_shared(kind):
        yield Finding(
            "not checked",
            SUBJECT,
            f"{where}: whether they also exclude processes of other machines",
            "Mounts with local locks only (localflock, nolock, local_lock=all) do not: see "
            f"`grep {kind} /proc/mounts`.",
        )


def _other_process(file: Path) -> str:
    """Return how another process finds a lock: held, free, or an error."""
    package = Path(__file__).parents[2]
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TRY, str(file)],
            env={**os.environ, "PYTHONPATH": str(package)},
            capture_output=True,
            text=True,
            timeout=TOOL_SECONDS * 4,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "without an answer"
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[-1] if lines else f"ended with {done.returncode}"


def _mount_options() -> str:
    return "Ask for a mount with locks (Lustre: -o flock; NFS: v4, or v3 with lockd)."
