"""Effects, contrasts, groups and claims as Markdown, CSV and Parquet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from xstilts.files import write_text
from xstilts.results.render import write_frame
from xstilts.statistics.best import BEST_SCHEMA, TEST
from xstilts.statistics.claims import CLAIM_SCHEMA
from xstilts.statistics.effects import BASELINE, EFFECT_SCHEMA
from xstilts.statistics.groups import GROUP_SCHEMA
from xstilts.statistics.inference import RESAMPLES
from xstilts.statistics.sources import SOURCE_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from xstilts.results.render import Header
    from xstilts.statistics.effects import Family

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


_READING = (
    "points. Intervals of 95 % from {resamples} replicates; verdicts are of the interval of each "
    "row alone, p (Holm) is corrected over {family}"
)
_FAMILIES: Mapping[Family, str] = {
    "targets": "the targets of a comparison",
    "strategies": "the comparisons of a target",
    "all": "all comparisons",
}


def effects_markdown(table: pd.DataFrame, header: Header, family: Family = "targets") -> str:
    """The effects, one block per base model.

    Args:
        table: from ``effect_table``.
        header: what stands above it.
        family: what p-values are corrected over.
    """
    intro = (
        f"Effect: mean of a strategy minus that of {header.baseline}, over languages and seeds, in "
        + _READING.format(resamples=RESAMPLES, family=_FAMILIES[family])
        + ", p (swap) is of these models on other examples. Gap: source language minus the mean of "
        "the others. See docs/statistics.md."
    )
    compared = table[table["verdict"] != BASELINE]
    return _blocks("effects", header, intro, compared, _row)


def contrasts_markdown(table: pd.DataFrame, header: Header, family: Family = "targets") -> str:
    """Pairs of strategies, one block per base model."""
    if table.empty:
        intro = "The study compares strategies with the baseline only (key `contrasts`)."
    else:
        intro = (
            "Effect: mean of a strategy minus that of another, over languages and seeds, in "
            + (_READING.format(resamples=RESAMPLES, family=_FAMILIES[family]) + ".")
        )
    return _blocks(
        "contrasts",
        header,
        intro,
        table,
        lambda row, notes: {
            "strategy": row["strategy"],
            "against": row["against"],
            **{key: text for key, text in _row(row, notes).items() if key != "strategy"},
        },
    )


def groups_markdown(table: pd.DataFrame, header: Header) -> str:
    """Groups of languages, one block per base model."""
    intro = (
        f"Effect: mean of a strategy minus that of {header.baseline}, over the languages of a "
        "group, then over the targets that have any, in "
        + _READING.format(resamples=RESAMPLES, family="the groups of a kind")
        + ". Targets differ between groups: compare strategies within a group, not groups."
    )
    return _blocks("groups of languages", header, intro, table, _group_row)


def sources_markdown(table: pd.DataFrame, header: Header) -> str:
    """Language of training by language of evaluation, one block per model, task and target."""
    parts = [f"# {header.study}: languages of training", header.question]
    parts += [f"> {header.note}" if header.note else ""]
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


def best_markdown(table: pd.DataFrame, header: Header) -> str:
    """The best strategy of each target, one block per base model."""
    intro = (
        f"The strategy with the largest gain over {header.baseline} on a target's development "
        "sets, and its gain on the test sets, in points. † chosen on the test set itself, since "
        "there is no other (or the study does not say `choose_on`): too high. Intervals of 95 % are of the "
        "chosen strategy; they do not cover that another one might have been chosen."
    )
    return _blocks("best strategy of each target", header, intro, table, _best_row)


def _best_row(row: pd.Series[Any], notes: dict[str, int]) -> dict[str, str]:
    note = f" [{notes.setdefault(row['uncertainty'], len(notes) + 1)}]"
    return {
        "target": row["target"] + ("†" if TEST in row["chosen_on"] else ""),
        "chosen": row["strategy"],
        "on": row["chosen_on"],
        "gain there": number(row["chosen_by"]),
        "gain on test": number(row["delta"]),
        "95 % interval": interval(row["low"], row["high"]),
        "verdict": row["verdict"] + note,
    }


def _source_entry(row: pd.Series[Any]) -> str:
    if math.isnan(row["mean"]):
        return DASH
    text = number(row["mean"], signed=False)
    if math.isnan(row["delta"]):
        return text
    star = "*" if row["verdict"] in ("helps", "hurts") else ""
    return f"{text} ({number(row['delta'])}{star})"


def _group_row(row: pd.Series[Any], notes: dict[str, int]) -> dict[str, str]:
    note = f" [{notes.setdefault(row['uncertainty'], len(notes) + 1)}]"
    missing = row["missing_targets"]
    targets = str(row["num_targets"])
    return {
        "strategy": row["strategy"],
        "by": row["grouping"],
        "group": row["group"],
        "languages": str(row["num_languages"]),
        "targets": f"{targets}† of {row['num_targets'] + missing}" if missing else targets,
        "effect": number(row["delta"]),
        "95 % interval": interval(row["low"], row["high"]),
        "p (Holm)": _p(row["p_holm"]),
        "verdict": row["verdict"] + note,
    }


def _blocks(
    title: str,
    header: Header,
    intro: str,
    table: pd.DataFrame,
    entry: Callable[[pd.Series[Any], dict[str, int]], dict[str, str]],
) -> str:
    """A table per base model, with what its intervals cover below it."""
    parts = [f"# {header.study}: {title}", header.question]
    parts += [f"> {header.note}" if header.note else "", intro]
    for model, rows in table.groupby("model", sort=False):
        notes: dict[str, int] = {}
        entries = [entry(row, notes) for _, row in rows.iterrows()]
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


def write_effects(
    out_dir: Path, table: pd.DataFrame, header: Header, family: Family = "targets"
) -> None:
    """Write ``effects.{parquet,csv,md}`` to a folder."""
    write_frame(out_dir / "effects", table, EFFECT_SCHEMA)
    write_text(out_dir / "effects.md", effects_markdown(table, header, family))


def write_contrasts(
    out_dir: Path, table: pd.DataFrame, header: Header, family: Family = "targets"
) -> None:
    """Write ``contrasts.{parquet,csv,md}`` to a folder."""
    write_frame(out_dir / "contrasts", table, EFFECT_SCHEMA)
    write_text(out_dir / "contrasts.md", contrasts_markdown(table, header, family))


def write_groups(out_dir: Path, table: pd.DataFrame, header: Header) -> None:
    """Write ``groups.{parquet,csv,md}`` to a folder."""
    write_frame(out_dir / "groups", table, GROUP_SCHEMA)
    write_text(out_dir / "groups.md", groups_markdown(table, header))


def write_sources(out_dir: Path, table: pd.DataFrame, header: Header) -> None:
    """Write ``sources.{parquet,csv,md}`` to a folder."""
    write_frame(out_dir / "sources", table, SOURCE_SCHEMA)
    write_text(out_dir / "sources.md", sources_markdown(table, header))


def write_best(out_dir: Path, table: pd.DataFrame, header: Header) -> None:
    """Write ``best.{parquet,csv,md}`` to a folder."""
    write_frame(out_dir / "best", table, BEST_SCHEMA)
    write_text(out_dir / "best.md", best_markdown(table, header))
