"""The sentences at the top of the report."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from xstilts.numbers import signed
from xstilts.results.tables import AVERAGE
from xstilts.statistics.inference import DIFFER, LEVEL, holm

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

_SHOWN = 4
"""Maximum number of targets named in a sentence; the table below the heat map has all."""


def answers(table: pd.DataFrame, baseline: str) -> list[str]:
    """Sentences on each base model: its best strategy on average, and the targets that any helps.

    An average hides that a strategy may help one kind of target and hurt another.
    """
    sentences = []
    compared = table[(table["strategy"] != baseline) & table["delta"].notna()]
    for model in dict.fromkeys(table["model"]):
        rows = _corrected(compared[compared["model"] == model])
        others = rows[rows["target"] == AVERAGE]
        if others.empty:
            sentences.append(f"{model}: no strategy can be compared with {baseline} yet.")
            continue
        best = others.sort_values("delta", ascending=False, kind="stable").iloc[0]
        caveat = "" if best["delta_complete"] else "; incomplete average"
        if best.get("low", math.nan) > 0 and not best["p_corrected"] < 1 - LEVEL:
            caveat += f"; unclear when corrected for {best['num_corrected']} strategies"
        sentences.append(
            f"{model}: on average over the targets, {best['strategy']} "
            f"{_gain(best['strategy'], others, baseline)} ({_uncertainty(best)}{caveat})."
        )
        sentences += _helped(model, baseline, rows[rows["target"] != AVERAGE])
    return sentences


def _gain(strategy: str, rows: pd.DataFrame, baseline: str) -> str:
    """``gains 4.2 points over none, more than any other strategy``; compared as printed."""
    deltas = dict(zip(rows["strategy"], rows["delta"].round(1), strict=True))
    delta = deltas.pop(strategy)
    ties = [name for name, other in deltas.items() if other == delta]
    if delta == 0:
        gain, more = f"scores as {baseline} does", "no other strategy scores more"
    else:
        verb, to = ("gains", "over") if delta > 0 else ("loses", "to")
        gain = f"{verb} {abs(delta):.1f} points {to} {baseline}"
        more = f"{'more' if delta > 0 else 'less'} than any other strategy"
    if ties:
        return f"{gain}, as {' and '.join(ties)} {'does' if len(ties) == 1 else 'do'}"
    return f"{gain}, {more}" if deltas else gain


def _corrected(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with p-values corrected over the strategies of a target, and the number of these.

    Naming the best of several strategies is a multiple comparison.
    """
    if "p" not in rows or rows.empty:
        return rows.assign(p_corrected=math.nan, num_corrected=0)
    targets = rows.groupby("target", sort=False)["p"]
    return rows.assign(
        p_corrected=targets.transform(lambda p: holm(p.tolist())),
        num_corrected=targets.transform("count"),
    )


def _helped(model: str, baseline: str, rows: pd.DataFrame) -> Iterator[str]:
    """Sentences on the targets that a strategy helps, each with its most helpful strategy.

    With one seed only models can be told apart, not strategies: such targets have a sentence of
    their own.
    """
    for one_seed in (False, True):
        some = rows[(rows["num_seeds"] == 1) == one_seed]
        most = some["num_corrected"].max() if len(some) else 0
        if most > 0:
            yield _sentence(model, baseline, some, int(most), one_seed=one_seed)


def _sentence(model: str, baseline: str, rows: pd.DataFrame, most: int, *, one_seed: bool) -> str:
    """The targets with a clear gain, those without one, and those without an interval."""
    found = rows[(rows["delta"] > 0) & (rows["p_corrected"] < 1 - LEVEL)]
    best = found.sort_values("delta", ascending=False, kind="stable").drop_duplicates("target")
    tested = rows.loc[rows["p_corrected"].notna(), "target"]
    others = [name for name in dict.fromkeys(tested) if name not in set(best["target"])]
    unknown = [name for name in dict.fromkeys(rows["target"]) if name not in set(tested)]
    end = f"; no interval for {_named(unknown)}." if unknown else "."
    corrected = f" (corrected for {most} strategies)" if most > 1 else ""
    start = f"{model}: one seed, {DIFFER}" if one_seed else f"{model}: clear gains over {baseline}"
    nothing = "no model is clearly better on" if one_seed else "no strategy clearly helps"
    if best.empty:
        start = f"{model}: one seed, " if one_seed else f"{model}: "
        return f"{start}{nothing} {_named(others)}{corrected}{end}"
    parts = [
        f"{row['delta']:.1f} points on {row['target']} after {row['strategy']} "
        f"({signed(row['low'])} to {signed(row['high'])})"
        for _, row in best[:_SHOWN].iterrows()
    ]
    more = f" and {len(best) - _SHOWN} more" if len(best) > _SHOWN else ""
    unhelped = f"; {nothing} {_named(others)}" if others else ""
    return f"{start}{corrected}: {', '.join(parts)}{more}{unhelped}{end}"


def _named(targets: list[str]) -> str:
    return ", ".join(targets) if len(targets) <= _SHOWN else f"{len(targets)} targets"


def _uncertainty(row: pd.Series[Any]) -> str:
    if not math.isnan(row.get("low", math.nan)):
        verdict = f": {row['verdict']}" if row.get("verdict") else ""
        caveat = "; one seed" if row["num_seeds"] == 1 else ""
        return f"95 % interval {signed(row['low'])} to {signed(row['high'])}{verdict}{caveat}"
    if math.isnan(row["delta_sd"]):
        return "one seed, uncertainty unknown"
    return f"standard deviation {row['delta_sd']:.1f} over {int(row['num_seeds'])} seeds"
