"""The interface of a comparison, and its inputs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from xstilts.comparisons.effects import effect_table

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    import pyarrow as pa

    from xstilts.grid import Grid
    from xstilts.results.pivot import Summary
    from xstilts.results.render import Header
    from xstilts.statistics.study_scores import StudyScores


@dataclass(frozen=True)
class StudyResults:
    """The inputs of all comparisons."""

    grid: Grid
    """The study, in the compared view."""
    scores: StudyScores

    @cached_property
    def effects(self) -> pd.DataFrame:
        """Every strategy against the baseline; several comparisons use it."""
        return effect_table(self.scores, self.grid.study.correct_over)


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """One table of comparisons, named after its module."""

    rows: str
    """Description of its rows, in one line of Markdown, for docs/statistics.md."""
    schema: pa.Schema
    build: Callable[[StudyResults], pd.DataFrame]
    """Builds the table, with the columns of the schema; empty if the study has no such rows."""
    summarise: Callable[[pd.DataFrame, Header], Summary]
    """Formats the table for its Markdown file and the report."""
    order: int
    """Position in the report: 1 to the number of comparisons, each once."""
    expanded: bool = False
    """True if the report shows it expanded."""
