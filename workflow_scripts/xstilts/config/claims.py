"""Claims of papers as data: a statement, where it stands, and what would show it in result rows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from xstilts.config.section import Section

Mark = Literal["verified", "reported, not checked against the paper"]


class Compare(Section):
    """The mean over targets of one strategy minus that of another lies above (or below) a value."""

    strategy: str = Field(description="The strategy that the claim is about.")
    against: str | None = Field(None, description="The other one; by default the baseline.")
    targets: list[str] | Literal["all"] = Field("all", description="Targets to average over.")
    more_than: float | None = Field(None, description="The difference exceeds this, in points.")
    less_than: float | None = Field(None, description="The difference is below this, in points.")

    @model_validator(mode="after")
    def _some_bound(self) -> Compare:
        if self.more_than is None and self.less_than is None:
            raise ValueError("give more_than, less_than or both")
        return self


class Best(Section):
    """Each of these strategies is better on average than every strategy that is not named."""

    strategies: list[str] = Field(min_length=1, description="The best ones.")
    among: list[str] | Literal["all"] = Field("all", description="Strategies to compare them with.")
    targets: list[str] | Literal["all"] = Field("all", description="Targets to average over.")


class LargestGain(Section):
    """Each of these targets gains more over the baseline than every target that is not named."""

    targets: list[str] = Field(min_length=1, description="The targets that gain most.")
    strategies: list[str] | Literal["all"] = Field(
        "all", description="Strategies to average the gain over; all but the baseline."
    )


class BestPerTarget(Section):
    """The best strategy of each target, averaged over targets, beats the baseline by some points.

    They are chosen on the development sets of a study with `choose_on`; where there is none, by the
    results that they are judged by, so that the difference is too high.
    """

    among: list[str] | Literal["all"] = Field("all", description="Strategies to choose from.")
    targets: list[str] | Literal["all"] = Field("all", description="Targets to average over.")
    more_than: float = Field(0.0, description="The difference exceeds this, in points.")


class NotConsistent(Section):
    """A strategy is not better than another on every target: on one at least it is worse."""

    strategies: list[str] = Field(min_length=1, description="Strategies; the claim is of each.")
    against: list[str] = Field(
        min_length=1, description="What each is compared with, in the same order; or one for all."
    )
    targets: list[str] | Literal["all"] = Field("all", description="Targets to look at.")

    @model_validator(mode="after")
    def _same_length(self) -> NotConsistent:
        if len(self.against) not in (1, len(self.strategies)):
            raise ValueError(
                f"against names {len(self.against)} strategies for {len(self.strategies)}; give "
                "one for each, or one for all"
            )
        return self


class GainsWith(Section):
    """The mean over some targets rises over the baseline with so many of the strategies."""

    targets: list[str] | Literal["all"] = Field("all", description="Targets to average over.")
    strategies: list[str] | Literal["all"] = Field(
        "all", description="Strategies to count; all but the baseline."
    )
    at_least: int | None = Field(None, ge=1, description="At least so many of them help.")
    at_most: int | None = Field(None, ge=0, description="At most so many of them help.")

    @model_validator(mode="after")
    def _one_bound(self) -> GainsWith:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give exactly one of at_least, at_most")
        return self


class Predicate(Section):
    """What result rows must show: exactly one of these."""

    compare: Compare | None = Field(None, description="One strategy against another.")
    best: Best | None = Field(None, description="The best strategies on average.")
    largest_gain: LargestGain | None = Field(None, description="The targets that gain most.")
    best_per_target: BestPerTarget | None = Field(
        None, description="The best strategy of each target against the baseline."
    )
    not_consistent: NotConsistent | None = Field(
        None, description="A strategy that is not better everywhere."
    )
    gains_with: GainsWith | None = Field(
        None, description="How many of the strategies help a target."
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Predicate:
        given = [name for name in Predicate.model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            known = ", ".join(Predicate.model_fields)
            raise ValueError(f"give exactly one of {known} (found: {', '.join(given) or 'none'})")
        return self


class Claim(Section):
    """One claim."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="Short name, unique in the file.")
    statement: str = Field(min_length=1, description="The claim in a sentence.")
    source: str = Field(min_length=1, description="Where it stands: paper, version, section.")
    value: float | None = Field(None, description="The number that is stated, in points.")
    mark: Mark = Field(description="Whether statement and value were found in the source itself.")
    note: str = Field("", description="What a reader must know to compare the numbers.")
    predicate: Predicate = Field(description="What the result rows must show.")


class Claims(Section):
    """A file of claims, `studies/claims/NAME.yaml`."""

    claims: list[Claim] = Field(min_length=1, description="The claims, in the order of the table.")

    @model_validator(mode="after")
    def _unique(self) -> Claims:
        names = [claim.id for claim in self.claims]
        if double := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the id {double[0]!r} stands twice")
        return self
