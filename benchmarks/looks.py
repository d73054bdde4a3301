"""False positives, power and forecasts of ``xstilts next``, by simulation.

    python benchmarks/looks.py [--studies N] [--replicates N] [--most N] [--part PART ...]

Studies add one seed at a time and look after each, up to ``--most`` seeds. Verdicts and forecasts
are those of the command: ``estimate_at_any_time`` and ``forecast``. The parts:

false positives
    no effect; the test set's standard error is 0 to 10 times the standard deviation between the
    seeds' differences (``ratio``). Beside it the share of studies in which the interval of a single
    look (``tables/effects``), repeated in the same way, excludes zero at least once.
answers
    the same with answers to questions instead of normal differences: the result sets of
    ``coverage.py``, with their bootstrap replicates.
power
    share of studies that are decided with up to n seeds, by effect in standard deviations between
    the seeds' differences.
forecast
    after three seeds, of studies that are undecided: the forecast probability of a decision, and
    the share of studies that are decided, by number of seeds.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

# like the workflow's job, which has one core
os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1] / "workflow_scripts"))

import numpy as np
from scipy import stats

from xstilts.statistics.difference import Difference
from xstilts.statistics.inference import estimate
from xstilts.statistics.looks import FIRST, estimate_at_any_time
from xstilts.statistics.power import forecast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from xstilts.statistics.inference import Estimate

    Rule = Callable[[Difference], Estimate]

RATIOS = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0)
EFFECTS = (0.5, 1.0, 2.0, 4.0, 8.0)


def studies(
    effects: Sequence[float],
    ratio: float,
    most: int,
    replicates: int,
    deviations: Sequence[float] = (1.0,),
) -> Iterator[Difference]:
    """Studies with normal differences.

    Args:
        effects: the true difference of each study.
        ratio: standard error of the test set.
        most: number of seeds.
        replicates: number of bootstrap samples; without chance in the test set there are none.
        deviations: standard deviation between the seeds' differences of each study, in turn.
    """
    draw = np.random.default_rng([len(effects), int(1000 * abs(effects[0])), int(100 * ratio)])
    # a tenth of the variance between seeds is that of the answers
    noise = np.sqrt(0.1)
    for effect, std in zip(effects, itertools.cycle(deviations), strict=False):
        values = effect + ratio * draw.standard_normal() + std * draw.standard_normal(most)
        replicates_BS = None
        if ratio:
            shared_B1 = ratio * draw.standard_normal((replicates, 1))
            replicates_BS = (
                values + shared_B1 + std * noise * draw.standard_normal((replicates, most))
            )
        yield Difference(by_seed=dict(enumerate(values)), replicates_BS=replicates_BS)


def answered(count: int, std: float, most: int, replicates: int) -> Iterator[Difference]:
    """Studies of answers to 400 questions, without an effect (``coverage.simulated``)."""
    # the benchmark's module, which has the name of another package
    from coverage import STRUCTURES, simulated

    for number in range(count):
        found = simulated(STRUCTURES["independent"], most, std, number, replicates, singly=False)
        yield found.difference("mnli", "none")


def first(whole: Difference, number: int) -> Difference:
    """The difference with the first seeds alone."""
    replicates_BS = whole.replicates_BS
    return Difference(
        by_seed=dict(list(whole.by_seed.items())[:number]),
        replicates_BS=None if replicates_BS is None else replicates_BS[:, :number],
    )


def fixed(difference: Difference) -> Estimate:
    """The interval of a single look."""
    return estimate(difference.values_S, difference.replicates_BS)


def decided_at(whole: Difference, rule: Rule = estimate_at_any_time) -> float:
    """Number of seeds at which the first look excludes zero; infinite if none does."""
    for number in range(FIRST, len(whole.by_seed) + 1):
        if rule(first(whole, number)).decided:
            return number
    return np.inf


def share(decided: int, count: int) -> str:
    """A share in percent with its 95 % binomial interval (Clopper and Pearson 1934)."""
    found = stats.binomtest(decided, count).proportion_ci(0.95)
    return f"{100 * decided / count:5.1f} % ({100 * found.low:.1f} to {100 * found.high:.1f})"


def _false_positives(given: argparse.Namespace) -> Iterator[str]:
    for ratio in RATIOS:
        found = list(studies([0.0] * given.studies, ratio, given.most, given.replicates))
        yield f"ratio {ratio:<4} {_both(found)}"


def _answers(given: argparse.Namespace) -> Iterator[str]:
    for std in (0.5, 1.0, 2.0):
        found = list(answered(given.studies, std, given.most, given.replicates))
        yield f"s.d. {std}  {_both(found)}"


def _both(found: list[Difference]) -> str:
    ours = sum(np.isfinite(decided_at(one)) for one in found)
    single = sum(np.isfinite(decided_at(one, fixed)) for one in found)
    texts = share(ours, len(found)), share(single, len(found))
    return f"next: {texts[0]}  tables/effects at every look: {texts[1]}"


def _power(given: argparse.Namespace) -> Iterator[str]:
    for ratio in (0.0, 0.5):
        for effect in EFFECTS:
            found = studies([effect] * given.studies, ratio, given.most, given.replicates)
            at = np.array([decided_at(one) for one in found])
            shares = (f"{100 * (at <= n).mean():4.0f}" for n in range(FIRST, given.most + 1))
            yield f"ratio {ratio}  effect {effect}  {' '.join(shares)}"


def _forecast(given: argparse.Namespace) -> Iterator[str]:
    """Effects vary by four points, seeds by 0.5 to 2 points in half of the studies."""
    draw = np.random.default_rng(given.studies)
    for ratio in (0.0, 0.5):
        forecasts, at, wanted = [], [], []
        effects = list(4 * draw.standard_normal(given.studies))
        deviations = list(np.exp(draw.standard_normal(given.studies)))
        for whole in studies(effects, ratio, given.most, given.replicates, deviations):
            if not estimate_at_any_time(now := first(whole, FIRST)).decided:
                ahead = forecast(now)
                forecasts.append(ahead.by_seeds)
                wanted.append(ahead.seeds or np.inf)
                at.append(decided_at(whole))
        by_study_XN, at_X, wanted_X = np.array(forecasts), np.array(at), np.array(wanted)
        yield f"ratio {ratio}: {len(at)} studies are undecided with {FIRST} seeds"
        for number in range(FIRST + 1, given.most + 1):
            said, came = by_study_XN[:, number].mean(), int((at_X <= number).sum())
            yield f"  {number} seeds: forecast {100 * said:5.1f} %  decided {share(came, len(at))}"
        for low in (0.0, 0.2, 0.4, 0.6, 0.8):
            p_X = by_study_XN[:, given.most]
            chosen = (p_X >= low) & (p_X < low + 0.2 + (low == 0.8))
            came = int((at_X[chosen] <= given.most).sum())
            yield (
                f"  forecast for {given.most} seeds of {100 * low:.0f} to {100 * low + 20:.0f} %: "
                f"mean {100 * p_X[chosen].mean():5.1f} %  "
                f"decided {share(came, int(chosen.sum()))}"
            )
        named = wanted_X <= given.most
        came = int((at_X[named] <= wanted_X[named]).sum())
        yield f"  decided with the predicted number of seeds: {share(came, int(named.sum()))}"


PARTS = {
    "false-positives": _false_positives,
    "answers": _answers,
    "power": _power,
    "forecast": _forecast,
}


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--replicates", type=int, default=500)
    parser.add_argument("--most", type=int, default=10, help="number of seeds (default: 10)")
    parser.add_argument("--part", nargs="+", default=list(PARTS), choices=list(PARTS))
    given = parser.parse_args()
    for name in given.part:
        start = time.perf_counter()
        sys.stdout.write(f"{name}\n")
        for line in PARTS[name](given):
            sys.stdout.write(f"  {line}\n")
            sys.stdout.flush()
        sys.stdout.write(f"  {time.perf_counter() - start:.0f} s\n")


if __name__ == "__main__":
    main()
