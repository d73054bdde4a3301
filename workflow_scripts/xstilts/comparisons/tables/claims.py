"""Claims tested on a study's results: confirmed, contradicted, or not decided."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from xstilts.comparisons.base import Comparison
from xstilts.config.load import load_claims
from xstilts.numbers import DASH, difference, interval
from xstilts.results.pivot import Summary, block_of
from xstilts.statistics.predicates import evaluate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.comparisons.base import StudyResults
    from xstilts.config.claims import Claim
    from xstilts.results.render import Header
    from xstilts.statistics.outcome import Found
    from xstilts.statistics.study_scores import StudyScores

CLAIM_SCHEMA = pa.schema(
    [
        *(
            (name, pa.string())
            for name in ("file", "claim", "model", "statement", "source", "mark")
        ),
        ("stated", pa.float64()),
        ("verdict", pa.string()),
        # the measured quantity in words, and its value with a 95 % interval
        ("measure", pa.string()),
        *((name, pa.float64()) for name in ("measured", "low", "high")),
        # yes or no: the stated value lies in the interval; empty if nothing is stated or measured
        ("stated_in_interval", pa.string()),
        ("remark", pa.string()),
    ]
)


def claim_table(
    files: Sequence[tuple[str, Sequence[Claim]]], scores: StudyScores, setting: str
) -> pd.DataFrame:
    """One row per claim and base model.

    Args:
        files: name of each file of claims, and its claims.
        scores: the study's scores.
        setting: note on the data in every verdict, such as ``microworld``; may be empty.
    """
    records = [
        _record(file, claim, model, evaluate(claim, scores, model), setting)
        for file, claims in files
        for claim in claims
        for model in scores.models
    ]
    return pd.DataFrame(records, columns=CLAIM_SCHEMA.names)


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
        "verdict": _verdict(found) + (f" ({setting})" if setting else ""),
        "measure": found.measure,
        "measured": numbers.delta if numbers else math.nan,
        "low": numbers.low if numbers else math.nan,
        "high": numbers.high if numbers else math.nan,
        "stated_in_interval": inside,
        "remark": " ".join(text for text in (claim.note, found.remark) if text),
    }


def _verdict(found: Found) -> str:
    """Return the decision, and what is left of the claim's data if some are missing."""
    return f"{found.decision}: {found.lacking}" if found.lacking else found.decision


def _build(results: StudyResults) -> pd.DataFrame:
    study = results.grid.study
    files = [(file, load_claims(Path(file)).claims) for file in study.claims]
    return claim_table(files, results.scores, "microworld" if study.source == "microworld" else "")


def claims_summary(table: pd.DataFrame, header: Header) -> Summary:
    """The claims, with stated and measured values and verdicts.

    Args:
        table: from ``claim_table``.
        header: unused.
    """
    if table.empty:
        return Summary(title="claims", text="The study names no claims (key `claims`).")
    text = (
        "A claim is confirmed if the 95 % interval agrees with it, contradicted if the interval "
        "excludes it, and otherwise not decided (`8 of 9`: data of one part are missing). One seed "
        "decides no claim about strategies: "
        "'these models differ' says that the interval over examples excludes zero. Stated numbers "
        "that were not checked against their source are marked."
    )
    entries, remarks = [], []
    for _, row in table.iterrows():
        unchecked = "" if row["mark"] == "verified" else f" ({row['mark']})"
        stated = difference(row["stated"])
        # one dash if both are missing
        measured = difference(row["measured"]), interval(row["low"], row["high"])
        entries.append(
            {
                "claim": row["claim"],
                "model": row["model"],
                "verdict": row["verdict"],
                "stated": stated + unchecked if stated != DASH else f"no number{unchecked}",
                "measured": " ".join(dict.fromkeys(measured)),
                "of": row["measure"],
            }
        )
        remarks.append(
            f"**{row['claim']}**: {row['statement']} ({row['source']}) {row['remark']}".rstrip()
        )
    block = block_of(entries, "", dict.fromkeys(remarks))
    return Summary(title="claims", text=text, blocks=(block,))


COMPARISON = Comparison(
    rows="statements of papers, tested on these results",
    schema=CLAIM_SCHEMA,
    build=_build,
    summarise=claims_summary,
    order=1,
    expanded=True,
)
