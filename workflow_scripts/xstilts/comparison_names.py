"""Names of the comparisons: the modules of ``comparisons/tables``.

The Snakefile imports it, and it imports only the standard library; ``comparisons.registry`` has
the comparisons themselves.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = "xstilts.comparisons.tables"

COMPARISONS: tuple[str, ...] = tuple(
    sorted(
        path.stem
        for path in (Path(__file__).parent / "comparisons/tables").glob("*.py")
        if path.stem != "__init__"
    )
)
"""Names of all comparison tables, in alphabetical order."""

MODULES: tuple[str, ...] = tuple(f"{PACKAGE}.{name}" for name in COMPARISONS)
"""The modules that define them, for fingerprints."""
