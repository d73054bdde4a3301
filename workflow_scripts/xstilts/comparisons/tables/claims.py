"""Claims tested on a study's results: confirmed, contradicted, or not decided."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from xstilts.comparisons.base import Comparison
from xstilts.config.claims import named_strategies, named_targets
from xstilts.config.load import load_claims
from xstilts.grid.prior_training import Repeated, repeated
from xstilts.numbers import DASH, difference, interval
from xstilts.results.pivot import Summary, block_of
from xstilts.statistics.predicates import evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    files: Sequence[tuple[str, Sequence[Claim]]],
    scores: StudyScores,
    setting: str = "",
    repeated: Mapping[str, Repeated] | None = None,
) -> pd.DataFrame:
    """One row per claim and base model.

    Args:
        files: name of each file of claims, and its claims.
        scores: the study's scores.
        setting: note on the version of the study in every verdict, such as ``microworld``; may be
            empty.
        repeated: base model to the strategies and targets that repeat its prior training, with the
            tasks (``xstilts.grid.prior_training``).
    """
    records = []
    for file, claims in files:
        for claim in claims:
            for model in scores.models:
                seen = _prior_training(claim, repeated[model]) if repeated else ""
                notes = [note for note in (setting, seen) if note]
                records.append(_record(file, claim, model, evaluate(claim, scores, model), notes))
    return pd.DataFrame(records, columns=CLAIM_SCHEMA.names)


def _prior_training(claim: Claim, repeated: Repeated) -> str:
    """The note on a claim about strategies or targets that repeat the base's prior training."""
    _, settings = claim.predicate.settings
    tasks: dict[str, None] = {}
    both = named_strategies(settings), named_targets(settings)
    for named, of in zip(both, repeated, strict=True):
        for name in of if named is None else named:
            tasks |= dict.fromkeys(of.get(name, ()))
    return f"the base was already trained on {', '.join(tasks)}" if tasks else ""


def _record(
    file: str, claim: Claim, model: str, found: Found, notes: Sequence[str]
) -> dict[str, Any]:
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
        "verdict": _verdict(found) + (f" ({'; '.join(notes)})" if notes else ""),
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
    of_scale = {"full": "", "small": "small version"}.get(study.scale, study.scale)
    setting = "microworld" if study.source == "microworld" else of_scale
    seen = {base: repeated(results.grid, base) for base in study.bases}
    return claim_table(files, results.scores, setting, seen)


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
