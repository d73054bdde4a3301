"""Claims held against result rows: confirmed, contradicted, or not decided by the data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from xstilts.statistics.predicates import RULES, Found, NotInStudy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.config.claims import Claim
    from xstilts.statistics.study_scores import StudyScores

CLAIM_SCHEMA = pa.schema(
    [
        *(
            (name, pa.string())
            for name in ("file", "claim", "model", "statement", "source", "mark")
        ),
        ("stated", pa.float64()),
        ("verdict", pa.string()),
        # what was measured, in words, and its value with a 95 % interval
        ("measure", pa.string()),
        *((name, pa.float64()) for name in ("measured", "low", "high")),
        # whether the stated value lies in the interval; empty where nothing is stated or measured
        ("stated_in_interval", pa.string()),
        ("remark", pa.string()),
    ]
)


def claim_table(
    files: Sequence[tuple[str, Sequence[Claim]]], scores: StudyScores, setting: str
) -> pd.DataFrame:
    """One row per claim and base model.

    Args:
        files: file of claims and what is in it.
        scores: what the study measured.
        setting: what every verdict must say of the data, as in ``microworld``; or nothing.
    """
    records = [
        _record(file, claim, model, evaluate(claim, scores, model), setting)
        for file, claims in files
        for claim in claims
        for model in scores.models
    ]
    return pd.DataFrame(records, columns=CLAIM_SCHEMA.names)


def evaluate(claim: Claim, scores: StudyScores, model: str) -> Found:
    """What the results of one base model say about a claim.

    A claim of several comparisons is confirmed where each holds, and contradicted where one is
    refuted at a level corrected for their number (Bonferroni).
    """
    for name, run in RULES.items():
        predicate = getattr(claim.predicate, name)
        if predicate is not None:
            try:
                return run(predicate, scores, model)
            except NotInStudy as error:
                return Found(decision="not decided", measure="nothing", remark=str(error))
    raise AssertionError(claim.id)


def _record(file: str, claim: Claim, model: str, found: Found, setting: str) -> dict[str, Any]:
    numbers = found.estimate
    inside = ""
    if claim.value is not None and numbers is not None and not math.isnan(numbers.low):
        inside = "yes" if numbers.low <= claim.value <= numbers.high else "no"
    return {
        "file": file,
        "claim": claim.id,
        "model": model,
        "statement": claim.statement,
        "source": claim.source,
        "mark": claim.mark,
        "stated": math.nan if claim.value is None else claim.value,
        "verdict": found.decision + (f" ({setting})" if setting else ""),
        "measure": found.measure,
        "measured": numbers.delta if numbers else math.nan,
        "low": numbers.low if numbers else math.nan,
        "high": numbers.high if numbers else math.nan,
        "stated_in_interval": inside,
        "remark": " ".join(text for text in (claim.note, found.remark) if text),
    }
