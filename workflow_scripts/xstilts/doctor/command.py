"""``xstilts doctor``: checks a workstation or a cluster site, a line per check."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from xstilts.doctor.base import Check, Finding
    from xstilts.grid import Grid

ABOUT = (
    "Check this machine, or this cluster site, and with --configfile a study: versions, GPUs, "
    "disks, file locks, hub, limits, SLURM. Fails if there is a fault."
)


def findings(load: Callable[[], Grid] | None) -> Iterator[Finding]:
    """Yield what all checks find.

    Args:
        load: returns the study to check; None checks the machine only.
    """
    from xstilts.doctor import devices, disks, file_locks, limits, network, packages, slurm
    from xstilts.doctor.base import guarded
    from xstilts.doctor.study import StudyNeeds, study_needs

    needs = study_needs(load) if load else StudyNeeds()
    checks: list[tuple[str, Check]] = [
        ("Python", packages.python),
        ("packages", packages.packages),
        (devices.SUBJECT, devices.devices),
        *(
            (f"space of {folder.name}", functools.partial(disks.space, folder))
            for folder in disks.folders(needs.disk, needs.caches)
        ),
        (file_locks.SUBJECT, file_locks.file_locks),
        (network.SUBJECT, functools.partial(network.hub, needed=needs.downloads)),
        ("sockets", limits.sockets),
        ("limits", limits.user_limits),
        (slurm.SUBJECT, slurm.slurm),
    ]
    for subject, check in checks:
        yield from guarded(subject, check)
    yield from needs.findings


def run(arguments: argparse.Namespace, load: Callable[[], Grid], say: Callable[[str], None]) -> int:
    """Say what all checks find, a line each, and return 1 if there is a fault, else 0.

    Args:
        arguments: of the command line; the study is checked if it names one.
        load: returns the study.
        say: receives the lines, one by one as the checks end.
    """
    counts = {"fault": 0, "warning": 0}
    named = arguments.configfile or arguments.config
    if named and not arguments.configfile:
        arguments.configfile = ["config.yaml"]
    for finding in findings(load if named else None):
        say(line(finding))
        if finding.level in counts:
            counts[finding.level] += 1
    say(f"Faults: {counts['fault']}, warnings: {counts['warning']}.")
    return 1 if counts["fault"] else 0


def line(finding: Finding) -> str:
    """Return a finding as one line."""
    found = finding.found if finding.found.endswith(".") or not finding.do else f"{finding.found}."
    text = " ".join(filter(None, (found, finding.do)))
    return f"{finding.level:<11} {finding.subject}: {' '.join(text.split())}"
