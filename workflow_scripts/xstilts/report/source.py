"""The inputs of a report: the folder of a study, and the files of each cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from xstilts.kinds import Kind
    from xstilts.results.render import Header
    from xstilts.results.unknown_tokens import UnknownShare


@dataclass(frozen=True, kw_only=True, slots=True)
class CellFiles:
    """One (model, strategy, target, seed) and its files, relative to the study's folder."""

    model: str
    """Base model."""
    strategy: str
    target: str
    seed: int
    task: str
    """The evaluated data set."""
    kind: Kind
    split: str
    languages: tuple[str, ...]
    folder: str
    """``BASE/seed-SEED/CHAIN/TARGET``, as in ``predictions/FOLDER/LANGUAGE.parquet``."""
    stages: tuple[str, ...]
    """Folders of the models of the chain, the predicting one last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A study as input of its report; any of the files may be missing."""

    root: Path
    """``results/STUDY``."""
    header: Header
    source_language: str
    strategies: Mapping[str, str]
    """Strategy to its chain, as text."""
    cells: tuple[CellFiles, ...]
    figures: tuple[str, ...]
    """Names of the figures of the study, from ``xstilts.grid.figures``."""
    views: Mapping[str, tuple[Path, Header]] = field(default_factory=dict)
    """Other evaluations of the same models: name to the folder of its tables, and their header."""
    unknown_shares: tuple[UnknownShare, ...] = ()
    """Shares of unknown tokens by base model and language."""
    properties: tuple[Mapping[str, Any], ...] = field(default=())
    """Properties of the languages, a row per language; only of generated ones."""

    @property
    def tables(self) -> Path:
        """Folder of the tables."""
        return self.root / "tables"

    @property
    def failures(self) -> Path:
        """Folder of the records of jobs without a result."""
        return self.root / "failures"
