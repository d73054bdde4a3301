"""Each table of the statistics as texts, by the name of its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.statistics.difficulty import difficulty_summary
from xstilts.statistics.render import (
    best_summary,
    contrasts_summary,
    effects_summary,
    groups_summary,
)
from xstilts.statistics.render_claims import claims_summary
from xstilts.statistics.render_sources import sources_summary
from xstilts.statistics.scale import scale_summary
from xstilts.statistics.variance import variance_summary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from xstilts.results.pivot import Summary
    from xstilts.results.render import Header

SUMMARIES: Mapping[str, Callable[[pd.DataFrame, Header], Summary]] = {
    "best": best_summary,
    "contrasts": contrasts_summary,
    "sources": sources_summary,
    "scale": scale_summary,
    "groups": groups_summary,
    "difficulty": difficulty_summary,
    "variance": variance_summary,
    "effects": effects_summary,
    "claims": claims_summary,
}
