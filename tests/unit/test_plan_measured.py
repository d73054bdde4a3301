"""Times of real trainings, predicted from trainings of other sizes and models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine_world import ARCHITECTURE, make_tokens, recipe, runtime

from xstilts.models.heads import HeadSpec
from xstilts.models.shape import EncoderShape
from xstilts.plan.history import Finished
from xstilts.plan.throughput import fit
from xstilts.plan.work import Work, forward_flops, training_factor
from xstilts.tokens.store import TokenTable
from xstilts.training.loop import train
from xstilts.training.sampler import TrainingSet

if TYPE_CHECKING:
    from pathlib import Path


def finished(folder: Path, tokens: Path, width: int, steps: int) -> Finished:
    """A training on a CPU, as its manifest would report it."""
    table = TokenTable.open(tokens)
    sizes = {"hidden_size": width, "intermediate_size": 4 * width, "num_layers": 2}
    architecture = ARCHITECTURE | sizes | {"vocab_size": table.metadata["vocab_size"]}
    out = folder / f"{width}-{steps}"
    out.mkdir()
    head = HeadSpec(kind="classification", labels=tuple(table.metadata["labels"]))
    result = train(
        architecture,
        [TrainingSet(task="toy", language="en", tokens=tokens)],
        {"toy": head},
        recipe(max_steps=steps, batch_size=32),
        seed=1,
        out_dir=out,
        runtime=runtime(out),
    )
    shape = EncoderShape(
        width=width, layers=2, heads=architecture["num_heads"], inner=4 * width,
        vocabulary=architecture["vocab_size"], positions=architecture["max_length"] + 2,
    )  # fmt: skip
    flops = training_factor({}) * forward_flops(shape, result.tokens, table.lengths.mean())
    return Finished(
        study="toy", product=out.name, kind="training", device=result.device, precision="fp32",
        work=Work(flops, result.steps, result.tokens), seconds=result.seconds,
    )  # fmt: skip


def test_a_larger_model_and_a_longer_training_are_predicted_from_smaller_ones(
    tmp_path: Path,
) -> None:
    _, tokens = make_tokens(tmp_path, "classification")
    finished(tmp_path, tokens, 16, 2)  # warm-up of the process
    small = [
        finished(tmp_path, tokens, width, steps) for width in (32, 64, 128) for steps in (10, 30)
    ]
    speed = fit(small)
    for width, steps in ((128, 60), (192, 20)):
        held_out = finished(tmp_path, tokens, width, steps)
        factor = speed.seconds(held_out.work) / held_out.seconds
        # other processes share these cores; a wrong count of operations would be far outside
        assert 1 / 3 < factor < 3, (width, steps, factor)
