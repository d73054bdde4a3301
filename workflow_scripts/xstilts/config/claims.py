"""Claims of papers as data: a statement, its source, and a predicate on the results."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from xstilts.config.section import Section

Mark = Literal["verified", "reported, not checked against the paper"]


class Compare(Section):
    """The mean difference between two strategies over targets is above (or below) a value."""

    strategy: str = Field(description="Strategy that the claim is about.")
    against: str | None = Field(
        None, description="Strategy to compare with; the baseline by default."
    )
    targets: list[str] | Literal["all"] = Field("all", description="Targets to average over.")
    more_than: float | None = Field(
        None, description="The difference exceeds this value, in points."
    )
    less_than: float | None = Field(
        None, description="The difference is below this value, in points."
    )

    @model_validator(mode="after")
    def _some_bound(self) -> Compare:
        if self.more_than is None and self.less_than is None:
            raise ValueError("give more_than, less_than or both")
        return self


class Best(Section):
    """Each of these strategies is better on average than every other strategy."""

    strategies: list[str] = Field(min_length=1, description="The best strategies.")
    among: list[str] | Literal["all"] = Field("all", description="Strategies to compare them with.")
    targets: list[str] | Literal["all"] = Field("all", description="Targets to average over.")


class LargestGain(Section):
    """Each of these targets gains more over the baseline than every other target."""

    targets: list[str] = Field(min_length=1, description="The targets that gain most.")
    strategies: list[str] | Literal["all"] = Field(
        "all", description="Strategies to average the gain over; `all` excludes the baseline."
    )


class BestPerTarget(Section):
    """The best strategy of each target, averaged over targets, exceeds the baseline by some points.

    Strategies are chosen on development sets if the study sets `choose_on`; otherwise on the same
    results that they are compared on, which overestimates the difference.
    """

    among: list[str] | Literal["all"] = Field("all", description="Strategies to choose from.")
    targets: list[str] | Literal["all"] = Field("all", description="Targets to average over.")
    more_than: float = Field(0.0, description="The difference exceeds this value, in points.")


class NotConsistent(Section):
    """A strategy is worse than another on at least one target."""

    strategies: list[str] = Field(
        min_length=1, description="Strategies, for each of which the claim must hold."
    )
    against: list[str] = Field(
        min_length=1, description="Strategies to compare with, in the same order, or one for all."
    )
    targets: list[str] | Literal["all"] = Field("all", description="Targets to compare on.")

    @model_validator(mode="after")
    def _same_length(self) -> NotConsistent:
        if len(self.against) not in (1, len(self.strategies)):
            raise ValueError(
                f"against names {len(self.against)} strategies for {len(self.strategies)}; give "
                "one for each, or one for all"
            )
        return self


class GainsWith(Section):
    """The mean over some targets exceeds the baseline with a given number of the strategies."""

    targets: list[str] | Literal["all"] = Field("all", description="Targets to average over.")
    strategies: list[str] | Literal["all"] = Field(
        "all", description="Strategies to count; `all` excludes the baseline."
    )
    at_least: int | None = Field(None, ge=1, description="Minimum number of strategies that help.")
    at_most: int | None = Field(None, ge=0, description="Maximum number of strategies that help.")

    @model_validator(mode="after")
    def _one_bound(self) -> GainsWith:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give exactly one of at_least, at_most")
        return self


class Predicate(Section):
    """The condition that the results must satisfy: exactly one of these keys."""

    compare: Compare | None = Field(None, description="One strategy compared with another.")
    best: Best | None = Field(None, description="Strategies that are best on average.")
    largest_gain: LargestGain | None = Field(None, description="Targets with the largest gains.")
    best_per_target: BestPerTarget | None = Field(
        None, description="The best strategy of each target compared with the baseline."
    )
    not_consistent: NotConsistent | None = Field(
        None, description="Strategies that are not better on every target."
    )
    gains_with: GainsWith | None = Field(
        None, description="The number of strategies that help a target."
    )

    @property
    def settings(self) -> tuple[str, Section]:
        """The key that is given, and its settings."""
        return next((key, found) for key in Predicate.model_fields if (found := getattr(self, key)))

    @model_validator(mode="after")
    def _exactly_one(self) -> Predicate:
        given = [name for name in Predicate.model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            known = ", ".join(Predicate.model_fields)
            raise ValueError(f"give exactly one of {known} (found: {', '.join(given) or 'none'})")
        return self


_STRATEGIES = ("strategy", "against", "strategies", "among")
"""Keys of predicates that name strategies."""


def named_strategies(settings: Section) -> list[str] | None:
    """Return the strategies that a predicate names; None if it is about all of them."""
    found: list[str] = []
    for key in _STRATEGIES:
        wanted = getattr(settings, key, None) or []
        if wanted == "all":
            return None
        found += [wanted] if isinstance(wanted, str) else wanted
    return found


def named_targets(settings: Section) -> list[str] | None:
    """Return the targets that a predicate names; None if it is about all of them."""
    targets = getattr(settings, "targets", "all")
    # the largest gain is compared with those on all other targets
    return None if targets == "all" or isinstance(settings, LargestGain) else list(targets)


class Claim(Section):
    """One claim of a paper."""

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]*$", description="Short name, unique within the file."
    )
    statement: str = Field(min_length=1, description="The claim in one sentence.")
    source: str = Field(min_length=1, description="Source of the claim: paper, version, section.")
    value: float | None = Field(None, description="Number stated in the source, in points.")
    mark: Mark = Field(
        description="`verified` if statement and value were checked against the source."
    )
    note: str = Field("", description="Caveats for comparing the numbers.")
    predicate: Predicate = Field(
        description="Condition that the results must satisfy for the claim to hold."
    )


class Claims(Section):
    """A file of claims, `studies/claims/NAME.yaml`."""

    claims: list[Claim] = Field(min_length=1, description="Claims, in the order of the table.")

    @model_validator(mode="after")
    def _unique(self) -> Claims:
        names = [claim.id for claim in self.claims]
        if double := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the id {double[0]!r} occurs twice")
        return self
