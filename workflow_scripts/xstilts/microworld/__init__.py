"""The microworld: a generated family of languages, and all kinds of task in them."""

from __future__ import annotations

from xstilts.microworld.languages import SOURCE, Language
from xstilts.microworld.world import SPLITS, World, properties, rows

__all__ = ["SOURCE", "SPLITS", "Language", "World", "properties", "rows"]
