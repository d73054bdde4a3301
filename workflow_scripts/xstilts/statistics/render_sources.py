"""Languages of training by languages of evaluation as texts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from xstilts.results.pivot import Summary, block_of
from xstilts.statistics.render import DASH, number

if TYPE_CHECKING:
    import pandas as pd

    from xstilts.results.render import Header


def sources_summary(table: pd.DataFrame, header: Header) -> Summary:
    """Language of training by language of evaluation, one block per model, task and target.

    Args:
        table: from ``source_table``.
        header: of the study; nothing of it is needed here.
    """
    if table.empty:
        text = "No two strategies or targets of the study differ in their language alone."
    else:
        text = (
            "Rows: language of the training data; columns: language of evaluation. Entries: mean "
            "over seeds (difference to training in the control's language; * where its interval of "
            "95 % is on one side of zero). sources.csv has the intervals. Training sets in other "
            "languages are mostly a machine's translations: language and quality differ together."
        )
    blocks = []
    by = ["model", "position", "task", "target"]
    for (model, position, task, target), rows in table.groupby(by, sort=False):
        place = "before the target" if position == "intermediate" else "on the target"
        control = rows["control"].iloc[0]
        title = f"{model}: {task} {place}, evaluated on {target} (control: {control})"
        columns = list(dict.fromkeys(rows["language"]))
        found = {(row["source"], row["language"]): _source_entry(row) for _, row in rows.iterrows()}
        entries = [
            {"trained in": source} | {code: found[source, code] for code in columns}
            for source in dict.fromkeys(rows["source"])
        ]
        blocks.append(block_of(entries, title, numeric=True))
    return Summary(title="languages of training", text=text, blocks=tuple(blocks))


def _source_entry(row: pd.Series[Any]) -> str:
    if math.isnan(row["mean"]):
        return DASH
    text = number(row["mean"], signed=False)
    if math.isnan(row["delta"]):
        return text
    star = "*" if row["verdict"] in ("helps", "hurts") else ""
    return f"{text} ({number(row['delta'])}{star})"
