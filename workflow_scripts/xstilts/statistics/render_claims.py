"""Claims as texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.results.pivot import Summary, block_of
from xstilts.statistics.render import DASH, interval, number

if TYPE_CHECKING:
    import pandas as pd

    from xstilts.results.render import Header


def claims_summary(table: pd.DataFrame, header: Header) -> Summary:
    """The claims: what is stated, what was measured, what follows.

    Args:
        table: from ``claim_table``.
        header: of the study; nothing of it is needed here.
    """
    if table.empty:
        return Summary(title="claims", text="The study names no claims (key `claims`).")
    text = (
        "A claim is confirmed or contradicted by an interval of 95 % that lies on one side of what "
        "it says, else not decided. A stated number that is not checked against its source says so."
    )
    entries, remarks = [], []
    for _, row in table.iterrows():
        unchecked = "" if row["mark"] == "verified" else f" ({row['mark']})"
        stated = number(row["stated"])
        # one dash where there is neither
        measured = number(row["measured"]), interval(row["low"], row["high"])
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
