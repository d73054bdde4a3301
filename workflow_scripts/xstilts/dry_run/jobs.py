"""Jobs of a dry run, and the kinds of products that they make."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Cause = Literal["forced", "stopped", "changed", "incomplete", "input"]
"""Why a product that exists is made again: ``--force``; its job was stopped; its parameters or
inputs changed; some of its files are missing; one of its inputs is made in this run."""

NOUNS = {
    "downloads": "downloads",
    "data": "data sets",
    "tokens": "token sets",
    "bases": "base models and tokenizers",
    "intermediate": "intermediate stages",
    "target": "target stages",
    "predictions": "predicted cells",
    "scores": "scored cells",
    "trivial_baselines": "trivial baselines",
    "submission": "submissions",
    "": "tables, figures, report",
}
"""Kinds of products, by first part of their path, in the order in which they are made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DryJob:
    """A job that a run would start."""

    product: str
    """Its product's path below ``results/STUDY``."""
    outputs: tuple[str, ...]
    """Its output files."""
    causes: frozenset[Cause]
    """Why Snakemake makes it again, if it exists."""

    @property
    def identity_file(self) -> Path:
        """Output with its identity: of a cell's predictions, a language's that exists."""
        files = list(map(Path, self.outputs))
        if kind_of(self.product) == "predictions":
            return next((f for f in files if f.suffix == ".parquet" and f.exists()), files[0])
        return next((file for file in files if file.suffix == ".json"), files[0])

    @property
    def exists(self) -> bool:
        """True if its product was made before, whole or in part."""
        return any(Path(file).exists() for file in self.outputs)


def kind_of(product: str) -> str:
    """Return the kind of a product, a key of ``NOUNS``."""
    kind = product.partition("/")[0]
    return kind if kind in NOUNS else ""


def counted(products: Iterable[str]) -> str:
    """Return the number of products by kind, as in ``3 target stages, 12 scored cells``."""
    counts = Counter(map(kind_of, products))
    return ", ".join(f"{counts[kind]} {noun}" for kind, noun in NOUNS.items() if counts[kind])
