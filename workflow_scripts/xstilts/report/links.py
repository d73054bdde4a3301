"""Ids of elements of the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xstilts.results.cells import LEFT_OUT
from xstilts.results.tables import AVERAGE

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping


def anchor(*names: str) -> str:
    """An id for HTML: letters, digits and dashes, the same for the same names."""
    return "-".join(re.sub(r"[^A-Za-z0-9_.]+", "-", name) for name in names)


def cell_anchor(model: str, strategy: str, target: str) -> str:
    """Id of the details of a model, strategy and target."""
    return anchor("cell", model, strategy, target)


def cell_link(row: Mapping[Hashable, Any]) -> str:
    """Id of the details of a row of the transfer table; empty if it has none."""
    if row["target"] == AVERAGE or str(row["reason"]).startswith(LEFT_OUT):
        return ""
    return cell_anchor(row["model"], row["strategy"], row["target"])


def recipe_anchor(number: int) -> str:
    """Id of a recipe in the list of recipes."""
    return f"recipe-{number}"
