"""Ids of elements of the page."""

from __future__ import annotations

import re


def anchor(*names: str) -> str:
    """An id for HTML: letters, digits and dashes, the same for the same names."""
    return "-".join(re.sub(r"[^A-Za-z0-9_.]+", "-", name) for name in names)


def cell_anchor(model: str, strategy: str, target: str) -> str:
    """Id of the details of a model, strategy and target."""
    return anchor("cell", model, strategy, target)


def recipe_anchor(number: int) -> str:
    """Id of a recipe in the list of recipes."""
    return f"recipe-{number}"
