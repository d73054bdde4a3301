"""Train two steps and print the peak memory in bytes: `python memory_world.py FOLDER SHAPE`."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

from engine_world import recipe, runtime

import xstilts.training.loop
from xstilts.config.adapters import Lora
from xstilts.models.heads import HeadSpec
from xstilts.training.sampler import TrainingSet


def now() -> int:
    """Return the bytes that the process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def run(
    folder: Path,
    architecture: dict[str, Any],
    batch_size: int,
    *,
    rank: int | None,
    half: bool,
    **how: Any,
) -> int:
    """Train two steps, all weights or adapters; return the peak of the process in bytes."""
    lora = None
    if rank:
        lora = Lora(rank=rank, alpha=8.0, dropout=0.1, modules="all-linear", merge=True)
    result = xstilts.training.loop.train(
        architecture,
        [TrainingSet(task="toy", language="en", tokens=folder / "tokens.arrow")],
        {"toy": HeadSpec(kind="classification", labels=("a", "b"))},
        recipe(
            max_steps=2,
            batch_size=batch_size,
            lora=lora,
            precision="bf16" if half else "fp32",
        ),
        seed=1,
        out_dir=folder / "model",
        runtime=runtime(folder, num_threads=2, **how),
    )
    return result.peak_memory


def main() -> None:
    """Train on the token file of the folder."""
    folder, wanted = Path(sys.argv[1]), json.loads(sys.argv[2])
    # imports at first use, and buffers of libraries, are not counted
    small = {**wanted["architecture"], "num_layers": 1, "hidden_size": 12, "intermediate_size": 8}
    how = {"rank": wanted["rank"], "half": wanted["half"]}
    how |= {"gradient_checkpointing": wanted["checkpointing"]}
    run(folder, small, 2, max_tokens=1, **how)
    before = now()
    peak = run(
        folder,
        wanted["architecture"],
        wanted["batch_size"],
        max_tokens=wanted["max_tokens"],
        **how,
    )
    sys.stdout.write(str(peak - before))


if __name__ == "__main__":
    main()
