"""Effects and claims as Markdown, CSV and Parquet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from xstilts.files import write_text
from xstilts.results.render import write_frame
from xstilts.statistics.claims import CLAIM_SCHEMA
from xstilts.statistics.effects import BASELINE, EFFECT_SCHEMA
from xstilts.statistics.inference import RESAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from xstilts.results.render import Header

DASH = "—"


def number(value: float, signed: bool = True) -> str:
    """One decimal, with its sign; a dash where there is none."""
    if math.isnan(value):
        return DASH
    rounded = round(value, 1) + 0.0
    return f"{rounded:+.1f}" if signed else f"{rounded:.1f}"


def interval(low: float, high: float) -> str:
    """``[-0.4, +1.2]``; a dash where there is none."""
    return DASH if math.isnan(low) else f"[{number(low)}, {number(high)}]"


def _p(value: float) -> str:
    if math.isnan(value):
        return DASH
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _row(row: pd.Series[Any], notes: dict[str, int]) -> dict[str, str]:
    note = f" [{notes.setdefault(row['uncertainty'], len(notes) + 1)}]"
    return {
        "strategy": row["strategy"],
        "target": row["target"],
        "effect": number(row["delta"]),
        "95 % interval": interval(row["low"], row["high"]),
        "p": _p(row["p"]),
        "p (Holm)": _p(row["p_holm"]),
        "p (swap)": _p(row["p_swap"]),
        "verdict": row["verdict"] + note,
        "gap": number(row["gap"], signed=False),
        "change of gap": f"{number(row['gap_delta'])} {interval(row['gap_low'], row['gap_high'])}",
    }


def effects_markdown(table: pd.DataFrame, header: Header) -> str:
    """The effects, one block per base model.

    Args:
        table: from ``effect_table``.
        header: what stands above it.
    """
    parts = [f"# {header.study}: effects", header.question]
    parts += [f"> {header.note}" if header.note else ""]
    parts.append(
        f"Effect: mean of a strategy minus that of {header.baseline}, over languages and seeds, in "
        f"points. Intervals of 95 % from {RESAMPLES} replicates; verdicts are of the interval of "
        "each row alone, p (Holm) is corrected over a strategy's targets, p (swap) is of these "
        "models on other examples. Gap: source language minus the mean of the others. See "
        "docs/statistics.md."
    )
    for model, rows in table.groupby("model", sort=False):
        notes: dict[str, int] = {}
        compared = rows[rows["verdict"] != BASELINE]
        entries = [_row(row, notes) for _, row in compared.iterrows()]
        if not entries:
            continue
        body = pd.DataFrame(entries).to_markdown(index=False, disable_numparse=True)
        footnotes = "\n".join(f"- [{mark}] {text}" for text, mark in notes.items())
        parts += [f"## {model}", body, footnotes]
    return "\n\n".join(part for part in parts if part) + "\n"


def claims_markdown(table: pd.DataFrame, header: Header) -> str:
    """The claims: what is stated, what was measured, what follows.

    Args:
        table: from ``claim_table``.
        header: what stands above it.
    """
    parts = [f"# {header.study}: claims", f"> {header.note}" if header.note else ""]
    if table.empty:
        parts.append("The study names no claims (key `claims`).")
        return "\n\n".join(part for part in parts if part) + "\n"
    parts.append(
        "A claim is confirmed or contradicted by an interval of 95 % that lies on one side of what "
        "it says, else not decided. A stated number that is not checked against its source says so."
    )
    entries, remarks = [], []
    for _, row in table.iterrows():
        unchecked = "" if row["mark"] == "verified" else f" ({row['mark']})"
        stated = number(row["stated"])
        entries.append(
            {
                "claim": row["claim"],
                "model": row["model"],
                "stated": stated + unchecked if stated != DASH else f"no number{unchecked}",
                "measured": f"{number(row['measured'])} {interval(row['low'], row['high'])}",
                "of": row["measure"],
                "verdict": row["verdict"],
            }
        )
        remarks.append(
            f"- **{row['claim']}**: {row['statement']} ({row['source']}) {row['remark']}".rstrip()
        )
    parts.append(pd.DataFrame(entries).to_markdown(index=False, disable_numparse=True))
    parts.append("\n".join(dict.fromkeys(remarks)))
    return "\n\n".join(part for part in parts if part) + "\n"


def write_claims(out_dir: Path, table: pd.DataFrame, header: Header) -> None:
    """Write ``claims.{parquet,csv,md}`` to a folder."""
    write_frame(out_dir / "claims", table, CLAIM_SCHEMA)
    write_text(out_dir / "claims.md", claims_markdown(table, header))


def write_effects(out_dir: Path, table: pd.DataFrame, header: Header) -> None:
    """Write ``effects.{parquet,csv,md}`` to a folder."""
    write_frame(out_dir / "effects", table, EFFECT_SCHEMA)
    write_text(out_dir / "effects.md", effects_markdown(table, header))
