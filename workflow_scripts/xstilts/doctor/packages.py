"""Python and the installed packages, compared with the project's lock."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.version import Version

from xstilts.doctor.base import Finding
from xstilts.requirements import LOCK, ROOT, closure, declared, normal_name, read_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OLDEST = (3, 11)
"""The oldest Python (pyproject.toml, ``requires-python``)."""
_INSTALL = f"Make the environment again: make env (or pip install -r {LOCK})."
_SHOWN = 5


def python() -> Iterator[Finding]:
    """Check the version of Python."""
    found = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        yield Finding("fault", "Python", found, f"Use Python {wanted} or newer: make env.")
    else:
        yield Finding("ok", "Python", found)


def packages(root: Path = ROOT) -> Iterator[Finding]:
    """Check the packages that the workflow needs, with all that they need.

    Args:
        root: the checkout.
    """
    if not (root / LOCK).is_file():
        yield Finding("not checked", "packages", f"no {LOCK} in {root}", "Use a whole checkout.")
        return
    lock = read_lock(root)
    wanted = [Requirement(text) for text in declared(root, dev=False)]
    if absent := sorted(r.name for r in wanted if _version(r.name) is None):
        yield Finding("fault", "packages", f"not installed: {', '.join(absent)}", _INSTALL)
        return
    outside = [
        f"{r.name} {_version(r.name)} (needs {r.specifier})"
        for r in wanted
        if not r.specifier.contains(_version(r.name) or "", prereleases=True)
    ]
    if outside:
        yield Finding("fault", "packages", _listed(outside), _INSTALL)
    try:
        needed = closure(declared(root, dev=False))
    except metadata.PackageNotFoundError as error:
        yield Finding("fault", "packages", f"not installed: {error.name}", _INSTALL)
        return
    others = [
        f"{name} {version} (lock: {lock[name]})"
        for name, version in sorted(needed.items())
        if lock.get(name, version) != version
    ]
    if others:
        yield Finding(
            "warning",
            "packages",
            f"{len(others)} of {len(needed)} differ from {LOCK}: {_listed(others)}",
            f"Results may differ in their last digits. {_INSTALL}",
        )
    elif not outside:
        yield Finding("ok", "packages", f"{len(needed)} in the versions of {LOCK}")


def installed_and_locked(name: str, root: Path = ROOT) -> tuple[str | None, str | None]:
    """Return the installed and the locked version of a package; None if there is none."""
    locked = read_lock(root).get(normal_name(name)) if (root / LOCK).is_file() else None
    return _version(name), locked


def _version(name: str) -> str | None:
    """Return the public version of an installed package, without its build."""
    try:
        return Version(metadata.version(name)).public
    except metadata.PackageNotFoundError:
        return None


def _listed(items: list[str]) -> str:
    more = len(items) - _SHOWN
    return ", ".join(items[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
