"""Claims as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from xstilts.statistics.render import DASH, interval, number

if TYPE_CHECKING:
    from xstilts.results.render import Header


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
