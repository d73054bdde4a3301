"""Names of the comparison tables: the modules of ``comparisons/tables``.

Imported by the Snakefile, so standard library only; ``comparisons.registry`` has the comparisons.
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
