"""The files of ``answers``, scored by the rules of the answer's language: MLQA."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xstilts.metrics.mlqa import normalise
from xstilts.submission.formats.answers import (
    SUFFIX,
    answer_scores,
    read,
    trivial_baselines,
    units,
    write,
)

if TYPE_CHECKING:
    from xstilts.submission.benchmarks import TaskSpec
    from xstilts.submission.formats.examples import Examples

__all__ = ["SUFFIX", "read", "score", "trivial_baselines", "units", "write"]


def score(examples: Examples, spec: TaskSpec, language: str) -> dict[str, float]:
    """``exact_match`` and ``f1``, 0-100."""
    return answer_scores(examples, partial(normalise, language=language))
