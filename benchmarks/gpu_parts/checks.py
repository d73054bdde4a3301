"""Parts that check results: exact resume, and predictions in bf16 compared with fp32."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from process import WorkerError
from speed import LENGTHS
from table import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from context import Answer, Context

STEPS, KILLED = 12, 7
"""Steps of the stage, and the step in which it is killed."""


def resume(context: Context) -> Iterator[Row]:
    """Weights of a stage that was killed and resumed, compared with those of an uninterrupted one.

    Also those of two uninterrupted stages: if these differ, the kernels are not deterministic.
    """
    one = context.setup(way="stage", deterministic=True, **context.sizes.stage | {"steps": STEPS})
    one = replace(one, distinct_tokens=min(one.distinct_tokens, one.vocab))
    default, killed = replace(one, deterministic=False), replace(one, kill_at=KILLED)
    before = context.jobs({"whole": one, "killed": killed, "default": default})
    whole, other = str(context.folder / "whole"), str(context.folder / "default")
    after = context.jobs(
        {
            # in the folder of the process that was killed
            "killed": replace(killed, against=whole),
            "again": replace(one, against=whole),
            "default again": replace(default, against=other),
        }
    )
    end = before["killed"]
    if "signal 9" not in str(end):
        after["killed"] = WorkerError(f"the process that was to be killed: {end}")
    for name, what, reference in (
        ("killed", "killed and resumed, deterministic kernels", "whole"),
        ("again", "trained twice, deterministic kernels", "whole"),
        ("default again", "trained twice, default kernels", "default"),
    ):
        yield _equal(f"weights that differ: {what}", before[reference], after[name])


def _equal(what: str, before: Answer, after: Answer) -> Row:
    """The number of weights that differ between two stages."""
    if isinstance(before, WorkerError):
        return Row(what=what, note=str(before))
    if isinstance(after, WorkerError):
        return Row(what=what, note=str(after))
    note = f"largest difference {after['largest']:.2g}" if after["different"] else "equal bits"
    if after["resumed_at"]:
        note += f"; killed in step {KILLED}, resumed from step {after['resumed_at']} of {STEPS}"
    return Row(what=what, value=after["different"], note=note)


def agreement(context: Context) -> Iterator[Row]:
    """Predictions and logits in bf16, compared with fp32."""
    model = str(context.model("encoder"))
    setups = {}
    for workload in LENGTHS:
        setups[f"agreement-{workload}"] = context.setup(
            workload=workload,
            way="agreement",
            model=model,
            predict=True,
            examples=context.sizes.examples[workload],
        )
    found = context.jobs(setups)
    for workload, lengths in LENGTHS.items():
        one = found[f"agreement-{workload}"]
        if isinstance(one, WorkerError):
            yield Row(what=f"equal predictions, {workload}", note=str(one))
            continue
        yield Row(
            what=f"equal predictions, {workload}",
            value=one["equal"],
            unit="share",
            note=f"{one['count']:,} with the {lengths}, random weights",
        )
        yield Row(
            what=f"largest difference of logits, {workload}",
            value=one["largest"],
            against="median distance of the two highest",
            reference=one["margin"],
            note=f"median difference {one['median']:.2g}",
        )
