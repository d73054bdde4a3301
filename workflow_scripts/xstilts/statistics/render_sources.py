"""Languages of training by languages of evaluation as Markdown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from xstilts.statistics.render import DASH, number

if TYPE_CHECKING:
    from xstilts.results.render import Header


def sources_markdown(table: pd.DataFrame, header: Header) -> str:
    """Language of training by language of evaluation, one block per model, task and target."""
    parts = header.heading("languages of training")
    if table.empty:
        parts.append("No two strategies or targets of the study differ in their language alone.")
    else:
        parts.append(
            "Rows: language of the training data; columns: language of evaluation. Entries: mean "
            "over seeds (difference to training in the control's language; * where its interval of "
            "95 % is on one side of zero). sources.csv has the intervals. Training sets in other "
            "languages are mostly a machine's translations: language and quality differ together."
        )
    by = ["model", "position", "task", "target"]
    for (model, position, task, target), rows in table.groupby(by, sort=False):
        place = "before the target" if position == "intermediate" else "on the target"
        control = rows["control"].iloc[0]
        parts.append(f"## {model}: {task} {place}, evaluated on {target} (control: {control})")
        columns = list(dict.fromkeys(rows["language"]))
        found = {(row["source"], row["language"]): _source_entry(row) for _, row in rows.iterrows()}
        body = pd.DataFrame(
            [
                {"trained in": source} | {code: found[source, code] for code in columns}
                for source in dict.fromkeys(rows["source"])
            ]
        )
        align = ("left", *["right"] * len(columns))
        parts.append(body.to_markdown(index=False, disable_numparse=True, colalign=align))
    return "\n\n".join(part for part in parts if part) + "\n"


def _source_entry(row: pd.Series[Any]) -> str:
    if math.isnan(row["mean"]):
        return DASH
    text = number(row["mean"], signed=False)
    if math.isnan(row["delta"]):
        return text
    star = "*" if row["verdict"] in ("helps", "hurts") else ""
    return f"{text} ({number(row['delta'])}{star})"
