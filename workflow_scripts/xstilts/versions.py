"""Versions of what computes a number, for manifests and result rows."""

from __future__ import annotations

import platform
from importlib import metadata

from xstilts import __version__

LIBRARIES = ("torch", "transformers", "tokenizers", "pyarrow", "snakemake")


def versions() -> dict[str, str]:
    """Library to version; libraries that are absent are left out."""
    found = {"xstilts": __version__, "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return found
