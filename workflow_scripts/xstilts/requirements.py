"""The pinned versions of the project: pyproject.toml, requirements.lock, and what is installed."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""
LOCK = "requirements.lock"

GPU_PREFIXES = ("nvidia-", "cuda-", "triton")
"""Packages that CUDA wheels of torch require in exact versions and CPU wheels do not.

They are not locked, so that one file works on both kinds of machine.
"""

NOT_LOCKED = ("pip",)
"""Comes with every virtual environment."""


def normal_name(name: str) -> str:
    """Return a distribution's normalised name: ``foo-bar`` for ``Foo_Bar``."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(root: Path, *, dev: bool) -> list[str]:
    """Return the requirements in pyproject.toml, as written.

    Args:
        root: the checkout.
        dev: include the tools for tests and style.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = project["optional-dependencies"]["dev"] if dev else []
    return [*project["dependencies"], *extra]


def read_lock(root: Path) -> dict[str, str]:
    """Return the locked version by distribution name.

    Raises:
        ValueError: a line is not ``name==version``, or a name occurs twice.
    """
    path = root / LOCK
    versions: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        found = re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.]+)", line)
        if found is None:
            raise ValueError(f"{path}:{number}: {line!r} is not 'name==version'; run `make lock`.")
        name = normal_name(found[1])
        if name in versions:
            raise ValueError(f"{path}:{number}: {name} occurs twice; run `make lock`.")
        versions[name] = found[2]
    return versions


def closure(requirements: Iterable[str]) -> dict[str, str]:
    """Return the installed versions of requirements and all their dependencies.

    torch's GPU packages are not followed. Versions are public ones: ``2.13.0``, not
    ``2.13.0+cpu``, which names a build and not a release.

    Raises:
        importlib.metadata.PackageNotFoundError: this environment lacks one of them.
    """
    # imported here: `requirements` must work in an empty environment
    from packaging.requirements import Requirement
    from packaging.version import Version

    found: dict[str, str] = {}
    queue = [(Requirement(text), "") for text in requirements]
    seen: set[tuple[str, str]] = set()
    while queue:
        requirement, extra_of_parent = queue.pop()
        name = normal_name(requirement.name)
        marker = requirement.marker
        if marker is not None and not marker.evaluate({"extra": extra_of_parent}):
            continue
        if name.startswith(GPU_PREFIXES) or name in NOT_LOCKED:
            continue
        found[name] = Version(metadata.version(name)).public
        for extra in ("", *sorted(requirement.extras)):
            if (name, extra) not in seen:
                seen.add((name, extra))
                queue += [(Requirement(text), extra) for text in metadata.requires(name) or []]
    return found
