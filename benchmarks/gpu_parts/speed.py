"""Parts that measure speed and memory: the machine, training, prediction, and adapters."""

from __future__ import annotations

import importlib.util
import statistics
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from context import FULL_LENGTH_TOKENS, Context, full_length_estimate
from machine import model_flops
from table import Row
from workloads import sequences

from xstilts.config.adapters import Lora
from xstilts.models.shape import shape_of_config
from xstilts.plan.devices import CARDS, TERA, canonical
from xstilts.training.memory import AdapterShape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from setup import Setup

BEST = "trainer-best"
MIB = 2**20
LENGTHS = {"classification": "lengths of XNLI", "span": "lengths of SQuAD"}


def machine(context: Context) -> Iterator[Row]:
    """Card, versions, and the peak of the matrix product, compared with the data sheet."""
    found = context.job(context.setup(way="machine"), "machine")
    context.card, context.peaks = found["name"], found["peaks"]
    if "bf16" not in context.peaks:
        context.precision = "fp32"
    for name, value in found["facts"].items():
        yield Row(what=name, value=value)
    card = CARDS.get(canonical(context.card))
    for precision, peak in context.peaks.items():
        sheet = getattr(card, precision, None)
        yield Row(
            what=f"matrix product, {precision}",
            value=peak / TERA,
            unit="TFLOP/s",
            against="data sheet" if sheet else "",
            reference=sheet,
        )
    if context.precision == "fp32":
        yield Row(what="matrix product, bf16", note="no bf16 in hardware: all parts use fp32")


def training(context: Context) -> Iterator[Row]:
    """Training of the encoder, compared with Trainer on the same batches."""
    yield from _compared(context, predict=False)


def prediction(context: Context) -> Iterator[Row]:
    """Prediction by the encoder, compared with Trainer on the same micro-batches."""
    yield from _compared(context, predict=True)


def _compared(context: Context, *, predict: bool) -> Iterator[Row]:
    """Yield the rows of each workload."""
    model, kind = str(context.model("encoder")), "prediction" if predict else "training"
    for number, (workload, lengths) in enumerate(LENGTHS.items()):
        ours = context.setup(
            workload=workload,
            way="ours",
            model=model,
            predict=predict,
            examples=context.sizes.examples[workload],
        )
        setups = {"ours": ours, BEST: replace(ours, way=BEST, loaders=context.loaders)}
        share = 1 / (len(LENGTHS) - number)
        found, failed = context.rounds(f"{kind}-{workload}", setups, share)
        if answers := found.get("ours"):
            what = f"{kind}, {lengths}"
            context.record(what, ours, context.sizes.encoder, answers)
        yield from compared(context, ours, lengths, found, failed)


def compared(
    context: Context,
    setup: Setup,
    lengths: str,
    found: dict[str, list[dict[str, Any]]],
    failed: dict[str, str],
) -> Iterator[Row]:
    """Yield speed, share of the matrix product's, and memory of ours, compared with Trainer's."""
    note = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
    part = sequences(setup)
    shape = shape_of_config(context.sizes.encoder)
    flops = model_flops(part.lengths.tolist(), shape, train=not setup.predict)
    flops /= int(part.lengths.sum())
    speeds = {way: [one["tokens"] / one["wall"] for one in found[way]] for way in found}
    medians = {way: statistics.median(values) for way, values in speeds.items()}
    ours, best = medians.get("ours"), medians.get(BEST)
    peak = context.peaks.get(context.precision)
    yield Row(
        what=f"real tokens/s, {lengths}",
        value=ours,
        low=min(speeds["ours"]) if ours else None,
        high=max(speeds["ours"]) if ours else None,
        against=BEST,
        reference=best,
        note=note,
    )
    yield Row(
        what=f"share of the matrix product's speed, {lengths}",
        value=flops * ours / peak if ours and peak else None,
        unit="share",
        against=BEST,
        reference=flops * best / peak if best and peak else None,
        note=note or ("" if peak else "the matrix product was not measured"),
    )
    memory = {way: found[way][-1]["memory"] / MIB for way in found}
    yield Row(
        what=f"peak memory, {lengths}",
        value=memory.get("ours"),
        unit="MiB",
        against=BEST,
        reference=memory.get(BEST),
        note=note,
    )


def lora(context: Context) -> Iterator[Row]:
    """Training of adapters in the decoder, with weights in fp32 and quantised to 4 bits."""
    config, model = context.sizes.decoder, str(context.model("decoder"))
    base = context.setup(
        config,
        workload="full-length",
        way="ours",
        model=model,
        lora=True,
        max_tokens=FULL_LENGTH_TOKENS,
    )
    ways = {"LoRA": base, "LoRA, 4-bit": replace(base, quantise="4bit")}
    for number, (name, setup) in enumerate(ways.items()):
        if setup.quantise and importlib.util.find_spec("bitsandbytes") is None:
            yield Row(what=name, note="bitsandbytes is not installed")
            continue
        # apart, so that the first does not need memory of the second
        share = 1 / (len(ways) - number)
        found, failed = context.rounds(name, {name: setup}, share)
        answers = found.get(name)
        if not answers:
            yield Row(what=name, note=failed.get(name, "no round was finished"))
            continue
        if not setup.quantise:
            context.record(f"training, {name}", setup, config, answers)
        speeds = [one["tokens"] / one["wall"] for one in answers]
        yield Row(
            what=f"real tokens/s, {name}",
            value=statistics.median(speeds),
            low=min(speeds),
            high=max(speeds),
            note=failed.get(name, ""),
        )
        adapters = AdapterShape.of(Lora(quantise=setup.quantise))
        yield Row(
            what=f"peak memory, {name}",
            value=answers[-1]["memory"] / MIB,
            unit="MiB",
            against="xstilts memory",
            reference=full_length_estimate(context, config, adapters) / MIB,
        )
