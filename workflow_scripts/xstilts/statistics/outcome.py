"""The outcome of a claim."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from xstilts.statistics.inference import Estimate

Decision = Literal["confirmed", "contradicted", "these models differ", "not decided"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The outcome of a claim."""

    decision: Decision
    measure: str
    estimate: Estimate | None = None
    remark: str = ""
    one_seed: bool = False
    """True if the claim compares models of one seed."""
    lacking: str = ""
    """What is left of the strategies or targets that the claim needs, if data are missing."""
    differ: bool = False
    """True if the intervals of several comparisons, without a common estimate, exclude zero."""

    def of_strategies(self) -> Found:
        """The same outcome, without a decision on strategies if there is only one seed."""
        if not self.one_seed or self.decision == "not decided":
            return self
        differ = self.differ if self.estimate is None else self.estimate.decided
        note = f"One seed: {self.decision} for these models, not decided for the strategies."
        return replace(
            self,
            decision="these models differ" if differ else "not decided",
            remark=f"{self.remark} {note}".strip(),
        )


class NotInStudy(Exception):
    """The study lacks a strategy or target of the claim."""
