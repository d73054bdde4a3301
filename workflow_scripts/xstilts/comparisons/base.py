"""What a comparison is, and what it is made from."""

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
    """What comparisons are made from."""

    grid: Grid
    """The study, in the view that is compared."""
    scores: StudyScores

    @cached_property
    def effects(self) -> pd.DataFrame:
        """Every strategy against the baseline; several comparisons start from it."""
        return effect_table(self.scores, self.grid.study.correct_over)


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """One table of comparisons; the name of its module is that of the table."""

    rows: str
    """What its rows are, in one line of Markdown, for docs/statistics.md."""
    schema: pa.Schema
    build: Callable[[StudyResults], pd.DataFrame]
    """The table, with the columns of the schema; empty where the study has none."""
    summarise: Callable[[pd.DataFrame, Header], Summary]
    """The table as people read it: in its Markdown file and in the report."""
    order: int
    """Place in the report, the smallest first."""
    expanded: bool = False
    """Whether the report shows it at once, not only on a click."""
