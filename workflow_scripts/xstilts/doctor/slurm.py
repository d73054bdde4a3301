"""A SLURM site: controller, plugin, accounting, GPUs, partitions, and the shared folder."""

from __future__ import annotations

import re
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.doctor.base import Finding, answer
from xstilts.doctor.disks import filesystem, is_shared
from xstilts.doctor.packages import installed_and_locked

if TYPE_CHECKING:
    from collections.abc import Iterator

PLUGIN = "snakemake-executor-plugin-slurm"
SUBJECT = "SLURM"
SHORTEST_MEMORY = 180
"""Seconds that squeue must know ended jobs: the plugin's longest time between two queries."""


def slurm() -> Iterator[Finding]:
    """Check a site with SLURM; one line where there is none."""
    if shutil.which("sinfo") is None:
        yield Finding("ok", SUBJECT, "none here (no sinfo)")
        return
    works, ping = answer(["scontrol", "ping"])
    known, version = answer(["sinfo", "--version"])
    version = version if known else "sinfo"
    if not works or " UP" not in ping:
        yield Finding(
            "fault",
            SUBJECT,
            f"{version}: the controller does not answer ({_line(ping)})",
            "Ask the site. Each start of Snakemake waits for it.",
        )
        return
    yield Finding("ok", SUBJECT, f"{version}: {_line(ping)}")
    yield from _plugin()
    yield from _accounting()
    yield from _partitions()


def _plugin() -> Iterator[Finding]:
    installed, locked = installed_and_locked(PLUGIN)
    subject = "SLURM plugin"
    install = f"pip install {PLUGIN}{f'=={locked}' if locked else ''}"
    if installed is None:
        yield Finding("fault", subject, f"{PLUGIN} is not installed", f"{install}.")
    elif locked and installed != locked:
        found = f"{PLUGIN} {installed}, tested with {locked}"
        yield Finding("warning", subject, found, f"{install}.")
    else:
        yield Finding("ok", subject, f"{PLUGIN} {installed}")


def _accounting() -> Iterator[Finding]:
    works, text = answer(["scontrol", "show", "config"])
    subject = "SLURM accounting"
    settings = dict(re.findall(r"^(\w+)\s*=\s*(.*?)\s*$", text, re.MULTILINE))
    kind = settings.get("AccountingStorageType", "")
    if not works or not kind:
        yield Finding("not checked", subject, _line(text))
        return
    if kind.endswith("none") or kind == "(null)":
        found = "none"
    else:
        works, said = answer(["sacct", "-n", "-X", "--starttime", "now"])
        found = f"{kind}; sacct {'answers' if works else f'does not answer ({_line(said)})'}"
    found += "; profiles/slurm asks squeue, "
    # MinJobAge = 300 sec
    kept = re.match(r"\d+", settings.get("MinJobAge", ""))
    if kept and int(kept[0]) < SHORTEST_MEMORY:
        yield Finding(
            "warning",
            subject,
            f"{found}which forgets ended jobs after {kept[0]} s, so that they may seem lost",
            f"Ask the site for a MinJobAge of {SHORTEST_MEMORY} s or more.",
        )
    else:
        yield Finding("ok", subject, f"{found}which knows ended jobs for {kept and kept[0]} s")


def _partitions() -> Iterator[Finding]:
    """Yield a line per partition, and what follows from all of them."""
    works, text = answer(["sinfo", "-h", "-o", "%P|%l|%D|%G|%a"])
    rows = [line.split("|") for line in text.splitlines() if line.count("|") == 4]
    if not works or not rows:
        yield Finding("fault", "partitions", _line(text) or "none", "Ask the site.")
        return
    merged: dict[tuple[str, str, str], dict[str, int]] = {}
    for name, limit, nodes, gres, state in rows:
        found = merged.setdefault((name, limit, state), {})
        found[gres] = found.get(gres, 0) + int(nodes)
    for (name, limit, state), groups in merged.items():
        parts = ", ".join(
            f"{count} nodes {'without GPUs' if _without(gres) else f'with {gres}'}"
            for gres, count in groups.items()
        )
        default = " (default)" if name.endswith("*") else ""
        shown = f"{parts}; time limit {limit}{'' if state == 'up' else f'; {state}'}{default}"
        subject = f"partition {name.rstrip('*')}"
        if state == "up":
            yield Finding("ok", subject, shown)
        else:
            yield Finding("warning", subject, shown, "Use another one.")
    if all(_without(gres) for groups in merged.values() for gres in groups):
        yield Finding(
            "warning",
            "SLURM GPUs",
            "no node has GPUs as gres, so that requests for them are refused",
            "To run without: --set-resources RULE:gpu=0 for each rule with a model "
            "(docs/cluster.md).",
        )
    yield from _shared_folder()


def _without(gres: str) -> bool:
    return "gpu" not in gres


def _shared_folder() -> Iterator[Finding]:
    """Yield whether compute nodes see this folder, as far as it can be told from here."""
    here, subject = Path.cwd(), "folder on compute nodes"
    kind = filesystem(here)
    works, text = answer(["sinfo", "-h", "-N", "-o", "%N"])
    nodes = set(text.split()) if works else set()
    if nodes == {socket.gethostname().partition(".")[0]}:
        yield Finding("ok", subject, f"{here}: the only node is this machine")
        return
    on = f"{here} is on {'a network' if is_shared(kind) else 'no network'} file system ({kind})"
    yield Finding(
        "not checked" if is_shared(kind) else "warning",
        subject,
        f"{on}; whether the {len(nodes)} nodes see it was not tried",
        f"srun --time=1 test -d {here} && echo seen",
    )


def _line(text: str) -> str:
    """Return the first line of an output."""
    return text.strip().splitlines()[0] if text.strip() else ""
