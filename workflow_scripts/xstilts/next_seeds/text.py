"""The text of ``xstilts next``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from xstilts.numbers import DASH, difference, interval
from xstilts.plan.render import table
from xstilts.progress import duration
from xstilts.statistics.looks import FIRST, LEVEL, critical_value
from xstilts.statistics.power import LIKELY, MOST_SEEDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xstilts.grid import Grid
    from xstilts.next_seeds.choice import Candidate, Choice
    from xstilts.next_seeds.comparisons import Compared
    from xstilts.next_seeds.prices import Prices

MORE = (1, 2, 4, 8)
"""Numbers of further seeds whose probabilities are shown."""
RELATION = (
    "These verdicts allow for any number of looks at any number of seeds; those of tables/effects "
    "and tables/contrasts are for one look at a number of seeds that was fixed beforehand, so that "
    "a comparison may be decided there and not here, never the reverse."
)
_LISTED = 10
"""Number of comparisons that are named in one sentence."""
_HEADER = ("strategy", "against", "target", "seeds", "difference", "any looks", "one look")


def comparison_lines(
    grid: Grid, every: Sequence[Compared], order: Sequence[Candidate]
) -> Iterator[str]:
    """Yield the decided comparisons, the undecided ones, and those without a result.

    Args:
        grid: the study.
        every: all comparisons.
        order: those that seeds are likely to decide, best first.
    """
    decided = [one for one in every if one.any_time.decided]
    gaps = [one for one in every if not one.seeds]
    hours = {id(one.compared): one.hours for one in order}
    likely = [one.compared for one in order]
    rest = [one for one in every if one.seeds and not one.any_time.decided and id(one) not in hours]
    count = len(likely) + len(rest)
    yield (
        f"{grid.study.study}: {_number(len(every), 'comparison')}, {len(decided)} decided, "
        f"{count} undecided" + (f", {len(gaps)} without a result." if gaps else ".")
    )
    yield RELATION
    for verdict in ("helps", "hurts"):
        texts = [
            f"{one} {interval(one.any_time.low, one.any_time.high)}"
            for one in decided
            if one.any_time.verdict == verdict
        ]
        if texts:
            yield f"{verdict.capitalize()}: {_listed(texts)}."
    if not count and not gaps:
        yield "All comparisons are decided: no more seeds are needed."
    if count:
        yield ""
        columns = [f"+{more}" for more in MORE]
        header = (*_HEADER, *columns, f"likely ({100 * LIKELY:.0f} %)", "time")
        rows = [_row(one, hours.get(id(one), DASH)) for one in [*likely, *rest]]
        yield from table([header, *rows])
        yield (
            f"  Differences in points; +1 to +{MORE[-1]}: probability, in percent, that so many "
            "more seeds decide it, either way, if you look after each."
        )
        yield from _one_seed([*likely, *rest])
        yield from _seeds_only([*likely, *rest])
    yield from _gaps(gaps)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _listed(texts: Sequence[str]) -> str:
    """Return texts separated by commas, with the number of those that are too many to print."""
    more = len(texts) - _LISTED
    return ", ".join(texts[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def _row(one: Compared, hours: float | str) -> tuple[str, ...]:
    low, high = one.any_time.low, one.any_time.high
    forecast = one.forecast
    shares = [DASH] * len(MORE)
    if forecast is not None:
        ahead = forecast.by_seeds
        at = [len(one.seeds) + more for more in MORE]
        shares = [f"{100 * ahead[number]:.0f}" if number < len(ahead) else DASH for number in at]
    return (
        one.strategy,
        one.against,
        f"{one.model}: {one.target}" + (f" ({one.lacking} missing)" if one.lacking else ""),
        str(len(one.seeds)),
        difference(one.difference.values_S.mean()),
        interval(low, high) if math.isfinite(low) else DASH,
        one.one_look.verdict,
        *shares,
        _wanted(one),
        duration(3600 * hours) if isinstance(hours, float) else "?" if hours != DASH else DASH,
    )


def _wanted(one: Compared) -> str:
    """Return the seeds or examples that are likely to decide a comparison, as text."""
    if one.forecast is None:
        return f"first {FIRST} seeds"
    if one.wanted:
        return f"with {one.wanted} seeds"
    if found := one.forecast.examples:
        factor, seeds = found
        examples = math.ceil(factor * one.difference.num_examples)
        more = f"{examples:,} examples ({factor:g} times) and {seeds} seeds"
        return f"not with {MOST_SEEDS} seeds alone: {more}"
    return f"not with {MOST_SEEDS} seeds"


def _one_seed(shown: Sequence[Compared]) -> Iterator[str]:
    """Yield what two more seeds would tell of comparisons with one."""
    number = sum(len(one.seeds) == 1 for one in shown)
    if not number:
        return
    errors = float(critical_value(np.array(1 - LEVEL), FIRST)) / math.sqrt(FIRST)
    yield (
        f"  One seed in {number} of them: the variance between seeds is unknown. Two more seeds "
        f"tell it, and decide a difference of more than {errors:.1f} standard deviations between "
        "the seeds' differences (and of more than the examples' interval)."
    )


def _seeds_only(shown: Sequence[Compared]) -> Iterator[str]:
    """Yield which comparisons leave out the variation of the examples, and why."""
    for why in dict.fromkeys(one.difference.why_no_examples for one in shown):
        if why:
            texts = [str(one) for one in shown if one.difference.why_no_examples == why]
            yield f"  Over seeds only, which decides too early ({why}): {_listed(texts)}."


def _gaps(gaps: Sequence[Compared]) -> Iterator[str]:
    if gaps:
        yield (
            f"Without a result, as no seed has both sides: {_listed([str(one) for one in gaps])}. "
            "tables/transfer.md has the reasons."
        )


def spending_lines(
    order: Choice,
    choice: Choice,
    unpriced: Sequence[Candidate],
    found: Prices,
    budget: str | None,
) -> Iterator[str]:
    """Yield the best use of the hours.

    Args:
        order: all comparisons that seeds are likely to decide.
        choice: those that fit in the budget.
        unpriced: comparisons whose hours are unknown.
        found: hours.
        budget: as the user wrote it.
    """
    yield ""
    if unpriced:
        yield (
            f"The hours of {_number(len(unpriced), 'comparison')} are unknown "
            f"({unpriced[0].hours}); name a GPU (--gpu) for an estimate."
        )
    if not order.candidates:
        if not unpriced:
            nothing = f", so that {budget} would buy nothing" if budget else ""
            yield f"No comparison is likely to be decided by {MOST_SEEDS} seeds or fewer{nothing}."
        return
    on = f" on one {found.device}" if found.device else ""
    on += ", assumed and not measured" if found.assumed else ""
    if not choice.candidates:
        cheapest = order.candidates[0]
        yield (
            f"The budget of {budget} is too small: {cheapest.compared} needs the fewest hours, "
            f"{duration(3600 * float(cheapest.hours))}{on}."
        )
        return
    whole = f"{duration(3600 * order.hours)} for all {len(order.candidates)}"
    head = f"Best use of {budget}" if budget else "By decisions per hour"
    spent = f"{_number(len(choice.candidates), 'comparison')}, {duration(3600 * choice.hours)}{on}"
    yield f"{head}: {spent} ({whole}):"
    for number, one in enumerate(choice.candidates, start=1):
        yield f"  {number}. {one.compared}, +{_number(len(one.seeds), 'seed')}"
