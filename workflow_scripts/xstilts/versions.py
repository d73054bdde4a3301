"""Versions of Python and libraries, for manifests."""

from __future__ import annotations

import platform
from importlib import metadata

from xstilts import __version__

LIBRARIES = ("torch", "transformers", "tokenizers", "pyarrow", "snakemake")


def versions() -> dict[str, str]:
    """Return library to version, for the installed libraries."""
    found = {"xstilts": __version__, "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return found
