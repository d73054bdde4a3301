"""Finds the comparisons: each module of ``comparisons/tables`` defines one."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from xstilts.comparison_names import COMPARISONS, PACKAGE

if TYPE_CHECKING:
    from xstilts.comparisons.base import Comparison


def load_comparisons() -> dict[str, Comparison]:
    """Load all comparisons by name, in the order of the report."""
    found: dict[str, Comparison] = {
        name: importlib.import_module(f"{PACKAGE}.{name}").COMPARISON for name in COMPARISONS
    }
    return dict(sorted(found.items(), key=lambda item: item[1].order))
