"""Train a toy stage in processes that are killed: `python kill_world.py FOLDER KILLS SEED`.

Every run is a fork of this process, which has imported all and computed nothing. A run kills
itself with SIGKILL at a random point: before an optimiser step, inside an evaluation, with half of
a state file written, between a state file and its entry, or in the files of the finished model. The
next run resumes from the files on disk, or starts another model when one is finished. Prints, as
JSON, where each run ended.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from engine_world import ARCHITECTURE, labels_of, recipe, runtime

from xstilts.models.heads import HeadSpec
from xstilts.training import loop, selection, setup, state
from xstilts.training.sampler import TrainingSet

KINDS = ("classification", "tagging")
METRICS = {"classification": "accuracy", "tagging": "f1"}
POINTS = {
    # point: (module, function, True if it writes a file, maximum number of calls until it kills)
    "training": (loop, "optimiser_step", False, 6),
    "evaluation": (selection, "predict_table", False, 4),
    "saving: half a file": (state.torch, "save", True, 5),
    "saving: before the entry": (state, "write_json", False, 5),
    "the finished model": (setup, "save_encoder", False, 1),
    "the finished heads": (setup, "save_heads", False, 1),
}
FINISHED = "finished"


def train(folder: Path, out: Path) -> None:
    """Train a stage with two tasks, dropout, selection on dev, and a state every second step."""
    members, dev, heads = [], [], {}
    for kind in KINDS:
        members.append(TrainingSet(task=kind, language="en", tokens=folder / f"{kind}-64-1.arrow"))
        dev_set = selection.DevSet(
            task=kind,
            language="en",
            metric=METRICS[kind],
            tokens=folder / f"{kind}-20-7.arrow",
            data=folder / f"{kind}-20-7.parquet",
        )
        dev.append(dev_set)
        heads[kind] = HeadSpec(kind=kind, labels=labels_of(kind))
    plan = recipe(
        selection="best", eval_steps=3, patience=0, epochs=3.0, learning_rate=1e-2, batch_size=16
    )
    how = runtime(out, save_steps=2)
    loop.train(
        ARCHITECTURE,
        members,
        heads,
        plan,
        seed=1,
        out_dir=out / "model",
        runtime=how,
        selection=selection.Selection(dev, heads, plan, how),
    )


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def arm(point: str, times: int) -> None:
    """Make this process kill itself when it reaches a point for the ``times``-th time."""
    module, name, writes, _ = POINTS[point]
    original: Callable[..., Any] = getattr(module, name)
    seen = 0

    def deadly(*arguments: Any, **options: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == times:
            if writes:
                original(*arguments, **options)
                file = Path(arguments[1])
                os.truncate(file, file.stat().st_size // 2)
            die()
        return original(*arguments, **options)

    setattr(module, name, deadly)


def attempt(folder: Path, out: Path, point: str | None, times: int) -> str:
    """Train in a fork and return the point where it ended."""
    child = os.fork()
    if child == 0:
        try:
            if point:
                arm(point, times)
            train(folder, out)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == -signal.SIGKILL:
        assert point is not None
        return point
    assert status == 0, f"a run ended with {status}"
    return FINISHED


def main() -> None:
    """Train until all kills have happened and the last model is finished."""
    folder, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    draw = random.Random(seed)
    ends = [attempt(folder, folder / "whole", None, 0)]
    models = killed = 0
    while True:
        point = draw.choice(list(POINTS)) if killed < kills else None
        times = draw.randint(1, POINTS[point][3]) if point else 0
        ends.append(attempt(folder, folder / f"killed-{models}", point, times))
        if ends[-1] != FINISHED:
            killed += 1
            continue
        models += 1
        if killed >= kills:
            break
    sys.stdout.write(json.dumps(ends))


if __name__ == "__main__":
    main()
