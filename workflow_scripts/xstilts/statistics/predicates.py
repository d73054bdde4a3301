"""Evaluation of claims: when the results of a base model confirm or contradict a predicate."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

from xstilts.errors import suggestion
from xstilts.statistics.choice import TEST, choose, chosen_on_dev, gains_of
from xstilts.statistics.difference import combine
from xstilts.statistics.inference import LEVEL, Estimate, estimate
from xstilts.statistics.outcome import Decision, Found, NotInStudy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from xstilts.config.claims import (
        Best,
        BestPerTarget,
        Claim,
        Compare,
        GainsWith,
        LargestGain,
        NotConsistent,
    )
    from xstilts.statistics.choice import Choice
    from xstilts.statistics.difference import Difference
    from xstilts.statistics.study_scores import StudyScores


# --- names ------------------------------------------------------------------------------------


def _known(what: str, names: Iterable[str], known: Sequence[str]) -> list[str]:
    listed = list(names)
    for name in listed:
        if name not in known:
            raise NotInStudy(f"The study has no {what} {name!r}.{suggestion(name, known)}")
    return listed


def _targets(scores: StudyScores, wanted: Sequence[str] | str) -> list[str]:
    return scores.targets if wanted == "all" else _known("target", wanted, scores.targets)


def _others(
    scores: StudyScores, wanted: Sequence[str] | str, named: Sequence[str] = ()
) -> list[str]:
    """Strategies to compare with: all but the baseline, or those wanted, without those named."""
    if wanted == "all":
        every = [name for name in scores.strategies if name != scores.baseline]
    else:
        every = _known("strategy", wanted, scores.strategies)
    others = [name for name in every if name not in named]
    if not others:
        raise NotInStudy("The study has no other strategy to compare with.")
    return others


# --- decisions --------------------------------------------------------------------------------


def _between(found: Estimate, low: float, high: float) -> Decision:
    """Confirmed if the interval lies inside a range, contradicted if it lies outside."""
    if found.low > low and found.high < high:
        return "confirmed"
    return "contradicted" if found.high < low or found.low > high else "not decided"


def _all_positive(parts: Sequence[tuple[str, Difference]]) -> Found:
    """Confirmed if all differences are above zero; the smallest one is reported."""
    level = 1 - (1 - LEVEL) / len(parts)
    found = [(name, estimate(part.values_S, part.replicates_BS)) for name, part in parts]
    strict = [estimate(part.values_S, part.replicates_BS, level) for _, part in parts]
    decision: Decision = "not decided"
    if any(one.high < 0 for one in strict):
        decision = "contradicted"
    elif all(one.low > 0 for _, one in found):
        decision = "confirmed"
    known = [(name, one) for name, one in found if not math.isnan(one.delta)]
    if not known:
        return Found(decision=decision, measure="nothing", remark=_why(parts))
    name, smallest = min(known, key=lambda item: item[1].delta)
    return Found(
        decision=decision,
        measure=f"smallest of {len(parts)}: {name}" if len(parts) > 1 else name,
        estimate=smallest,
        remark=_why(parts),
        one_seed=_one_seed(part for _, part in parts),
    )


def _why(parts: Sequence[tuple[str, Difference]]) -> str:
    """A remark on what the intervals cover, unless it is both seeds and examples."""
    reasons = {p.uncertainty for _, p in parts if p.uncertainty != "seeds and examples"}
    return f"Interval: {' / '.join(sorted(reasons))}." if reasons else ""


def _one_seed(parts: Iterable[Difference]) -> bool:
    """True if some comparison rests on one seed."""
    return any(len(part.by_seed) == 1 for part in parts)


def _compare(claim: Compare, scores: StudyScores, model: str) -> Found:
    against = claim.against or scores.baseline
    _known("strategy", (claim.strategy, against), scores.strategies)
    targets = _targets(scores, claim.targets)
    part = scores.difference(model, claim.strategy, against, targets)
    found = estimate(part.values_S, part.replicates_BS)
    low = -math.inf if claim.more_than is None else claim.more_than
    high = math.inf if claim.less_than is None else claim.less_than
    name = f"{claim.strategy} - {against}, mean of {len(targets)} targets"
    return Found(
        decision=_between(found, low, high),
        measure=name if len(targets) > 1 else f"{claim.strategy} - {against}, {targets[0]}",
        estimate=found,
        remark=_why([(name, part)]),
        one_seed=_one_seed([part]),
    )


def _best(claim: Best, scores: StudyScores, model: str) -> Found:
    named = _known("strategy", claim.strategies, scores.strategies)
    others = _others(scores, claim.among, named)
    targets = _targets(scores, claim.targets)
    return _all_positive(
        [
            (f"{first} - {second}", scores.difference(model, first, second, targets))
            for first, second in product(named, others)
        ]
    )


def _largest_gain(claim: LargestGain, scores: StudyScores, model: str) -> Found:
    named = _targets(scores, claim.targets)
    strategies = _others(scores, claim.strategies)
    share = 1 / len(strategies)

    def gain(target: str) -> Difference:
        pairs = [scores.difference(model, s, scores.baseline, [target]) for s in strategies]
        return combine([(share, pair) for pair in pairs])

    gains = {target: gain(target) for target in scores.targets}
    rest = [target for target in scores.targets if target not in named]
    if not rest:
        raise NotInStudy("The study has no other target to compare with.")
    return _all_positive(
        [
            (f"gain on {t} - gain on {u}", combine([(1.0, gains[t]), (-1.0, gains[u])]))
            for t, u in product(named, rest)
        ]
    )


def _best_per_target(claim: BestPerTarget, scores: StudyScores, model: str) -> Found:
    targets = _targets(scores, claim.targets)
    chosen = []
    for target in targets:
        choice = choose(scores, model, target, _others(scores, claim.among))
        if choice is None:
            raise NotInStudy(f"No strategy has a result on {target}.")
        chosen.append(choice)
    part, found, decision = _chosen_gain(claim, scores, model, chosen)
    names = ", ".join(
        f"{one.target} {one.strategy}{'†' if one.chosen_on == TEST else ''}" for one in chosen
    )
    warning = ""
    if len(on_dev := chosen_on_dev(chosen)) < len(chosen):
        warning = " (†: chosen on the test set itself, which biases the gain upwards)"
        alone = _chosen_gain(claim, scores, model, on_dev)[-1] if on_dev else "not decided"
        if decision == "confirmed" and alone != "confirmed":
            decision = "not decided"
            warning += "; without these targets the claim is not confirmed"
    return Found(
        decision=decision,
        measure=f"best strategy of each target - {scores.baseline}",
        estimate=found,
        remark=f"Chosen on dev sets: {names}{warning}. {_why([('', part)])}".strip(),
        one_seed=_one_seed([part]),
    )


def _chosen_gain(
    claim: BestPerTarget, scores: StudyScores, model: str, choices: Sequence[Choice]
) -> tuple[Difference, Estimate, Decision]:
    """The average gain of the chosen strategies, its estimate, and the decision on the claim."""
    part = gains_of(scores, model, choices)
    found = estimate(part.values_S, part.replicates_BS)
    return part, found, _between(found, claim.more_than, math.inf)


def _not_consistent(claim: NotConsistent, scores: StudyScores, model: str) -> Found:
    pairs = list(zip(claim.strategies, _counterparts(claim), strict=True))
    _known("strategy", [name for pair in pairs for name in pair], scores.strategies)
    targets = _targets(scores, claim.targets)
    single = [_not_everywhere(scores, model, *pair, targets) for pair in pairs]
    decision: Decision = "not decided"
    if any(found.decision == "contradicted" for found in single):
        decision = "contradicted"
    elif all(found.decision == "confirmed" for found in single):
        decision = "confirmed"
    shown = max(single, key=lambda found: _delta(found.estimate))
    return replace(shown, decision=decision, one_seed=any(found.one_seed for found in single))


def _counterparts(claim: NotConsistent) -> list[str]:
    """The strategy that each of the claim's strategies is compared with."""
    return claim.against * len(claim.strategies) if len(claim.against) == 1 else claim.against


def _delta(found: Estimate | None) -> float:
    """The difference as a sort key; minus infinity if unknown."""
    return -math.inf if found is None or math.isnan(found.delta) else found.delta


def _not_everywhere(
    scores: StudyScores, model: str, first: str, second: str, targets: Sequence[str]
) -> Found:
    """Confirmed if the first is worse than the second on some target, contradicted if on none."""
    parts = [(target, scores.difference(model, first, second, [target])) for target in targets]
    level = 1 - (1 - LEVEL) / len(parts)
    found = {name: estimate(part.values_S, part.replicates_BS) for name, part in parts}
    worse = [estimate(part.values_S, part.replicates_BS, level).high < 0 for _, part in parts]
    decision: Decision = "not decided"
    if any(worse):
        decision = "confirmed"
    elif all(one.low > 0 for one in found.values()):
        decision = "contradicted"
    lowest = min(found, key=lambda name: _delta(found[name]))
    return Found(
        decision=decision,
        measure=f"lowest of {len(parts)} targets: {first} - {second}, {lowest}",
        estimate=found[lowest],
        remark=_why(parts),
        one_seed=_one_seed(part for _, part in parts),
    )


def _gains_with(claim: GainsWith, scores: StudyScores, model: str) -> Found:
    """Compare the number of strategies that help with a bound.

    A strategy helps if its corrected interval is above zero, and does not help if it is below. The
    true number lies between those that help and those that are not known not to help.
    """
    strategies, targets = _others(scores, claim.strategies), _targets(scores, claim.targets)
    parts = [(s, scores.difference(model, s, scores.baseline, targets)) for s in strategies]
    level = 1 - (1 - LEVEL) / len(parts)
    found = [estimate(part.values_S, part.replicates_BS, level) for _, part in parts]
    helps = sum(one.low > 0 for one in found)
    may_help = len(found) - sum(one.high <= 0 for one in found)
    if claim.at_least is not None:
        confirmed, contradicted = helps >= claim.at_least, may_help < claim.at_least
    else:
        assert claim.at_most is not None
        confirmed, contradicted = may_help <= claim.at_most, helps > claim.at_most
    decision: Decision = "not decided"
    if confirmed or contradicted:
        decision = "confirmed" if confirmed else "contradicted"
    one_seed = _one_seed(part for _, part in parts)
    measure = f"{helps} of {len(found)} strategies help, {len(found) - may_help} do not"
    if one_seed:
        measure = f"{helps} of {len(found)} models are better, {len(found) - may_help} worse"
    return Found(
        decision=decision,
        measure=measure,
        remark=_why(parts),
        one_seed=one_seed,
        differ=any(one.decided for one in found),
    )


RULES: dict[str, Callable[[Any, StudyScores, str], Found]] = {
    "compare": _compare,
    "best": _best,
    "largest_gain": _largest_gain,
    "best_per_target": _best_per_target,
    "not_consistent": _not_consistent,
    "gains_with": _gains_with,
}
"""Name of a predicate to the function that evaluates it."""


def evaluate(claim: Claim, scores: StudyScores, model: str) -> Found:
    """Evaluate a claim on the results of one base model.

    A claim of several comparisons is confirmed if each holds, and contradicted if one is refuted at
    a level corrected for their number (Bonferroni).
    """
    name, settings = claim.predicate.settings
    if lacking := scores.left_out.of(settings):
        return Found(decision="not decided", measure="nothing", lacking=lacking)
    try:
        return RULES[name](settings, scores, model).of_strategies()
    except NotInStudy as error:
        return Found(decision="not decided", measure="nothing", remark=str(error))
