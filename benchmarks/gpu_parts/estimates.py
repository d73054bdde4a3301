"""The part that compares ``xstilts plan`` and ``xstilts memory`` with what was measured."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from context import FULL_LENGTH_TOKENS, Context, full_length_estimate
from process import WorkerError
from speed import MIB
from table import Row

from xstilts.plan.devices import CARDS, MEASURED, SHARE, TERA, assumed_rate, canonical

if TYPE_CHECKING:
    from collections.abc import Iterator


def estimates(context: Context) -> Iterator[Row]:
    """Memory of training at full length, then seconds, and the shares of the peak from them."""
    yield _memory(context)
    rates: dict[tuple[str, str], list[float]] = {}
    for job in context.finished:
        rate, name = job.work.flops / job.seconds, _planned_as(job.device)
        rates.setdefault((job.kind, job.precision), []).append(rate)
        yield Row(
            what=f"seconds, {job.product}",
            value=job.seconds,
            unit="s",
            against=f"plan for {name}" if name else "",
            reference=job.work.flops / assumed_rate(name, job.precision) if name else None,
            note=f"{rate / TERA:.3g} TFLOP/s as a plan counts them"
            + ("" if name else f"; {job.device or 'this device'} is not in plan/devices.py"),
        )
    card = CARDS.get(canonical(context.card))
    for (kind, precision), found in rates.items():
        sheet = getattr(card, precision, None)
        shares = [rate / (sheet * TERA) for rate in found] if sheet else []
        yield Row(
            what=f"share of the peak that calibration would set, {kind}, {precision}",
            value=statistics.median(shares) if shares else None,
            unit="share",
            low=min(shares, default=None),
            high=max(shares, default=None),
            against="assumed",
            reference=SHARE[precision],
            note=f"{statistics.median(found) / TERA:.3g} TFLOP/s, median of {len(found)}"
            + ("" if sheet else "; no data sheet of this device"),
        )


def _memory(context: Context) -> Row:
    """Peak memory of training the encoder on full-length sequences, compared with the estimate."""
    config, what = context.sizes.encoder, "peak memory, training, full length"
    try:
        setup = context.setup(
            workload="full-length",
            way="ours",
            model=str(context.model("encoder")),
            max_tokens=FULL_LENGTH_TOKENS,
        )
    except WorkerError as error:
        return Row(what=what, note=str(error))
    found, failed = context.rounds("full-length", {"ours": setup})
    if "ours" not in found:
        return Row(what=what, note=failed.get("ours", "no round was finished"))
    context.record("training, full length", setup, config, found["ours"])
    return Row(
        what=what,
        value=found["ours"][-1]["memory"] / MIB,
        unit="MiB",
        against="xstilts memory",
        reference=full_length_estimate(context, config, None) / MIB,
        note="main memory of the whole process" if context.device == "cpu" else "",
    )


def _planned_as(device: str) -> str | None:
    """The name of a device in the tables of a plan; None if it has no speed there."""
    name = next(iter(MEASURED)) if device == "cpu" else device
    return name if name in MEASURED or name in CARDS else None
