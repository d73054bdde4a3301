"""Toy stages for process groups: functions that each process runs, for ``training.launch``."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from engine_world import labels_of, recipe, runtime

from xstilts.errors import Interrupted
from xstilts.models.heads import HeadSpec
from xstilts.training.launch import launch
from xstilts.training.loop import train
from xstilts.training.process_group import SINGLE_PROCESS, ProcessGroup
from xstilts.training.sampler import TrainingSet
from xstilts.training.selection import DevSet, Selection

HERE = Path(__file__).parent
CPU = torch.device("cpu")


def stage(
    wanted: Mapping[str, Any],
    report: Any = None,
    group: ProcessGroup = SINGLE_PROCESS,
    device: torch.device = CPU,
) -> Any:
    """Train a toy stage; return its result as plain values, with the number of module calls.

    ``wanted`` has ``folder``, ``out``, ``start`` (a path or an architecture), ``tokens`` (kind to
    token file), and may have ``dev`` (kind to metric, tokens and data), ``recipe``, ``run``, and
    ``signals`` (one for a process's saved state: ``rank``, ``step``, ``number``, ``to_parent``,
    and the seconds that each saving takes longer, ``pause``).
    """
    folder = Path(wanted["folder"])
    start = Path(wanted["start"]) if isinstance(wanted["start"], str) else wanted["start"]
    members = [
        TrainingSet(task=kind, language="en", tokens=Path(file))
        for kind, file in wanted["tokens"].items()
    ]
    heads = {kind: HeadSpec(kind=kind, labels=labels_of(kind)) for kind in wanted["tokens"]}
    plan = recipe(**wanted.get("recipe", {}))
    run = {"state_dir": folder / f"state-{wanted['out']}", **wanted.get("run", {})}
    run["state_dir"] = Path(run["state_dir"])
    how = runtime(folder, **{"device": str(device), "group": group, **run})
    if wanted.get("signals"):
        how = dataclasses.replace(how, log=_signalling(group, **wanted["signals"]))
    dev = [
        DevSet(task=kind, language="en", metric=metric, tokens=Path(tokens), data=Path(data))
        for kind, (metric, tokens, data) in wanted.get("dev", {}).items()
    ]
    out = folder / wanted["out"]
    out.mkdir(exist_ok=True)
    selection = Selection(dev, heads, plan, how) if dev else None
    with calls_of_modules() as calls:
        result = train(
            start, members, heads, plan, seed=1, out_dir=out, runtime=how, selection=selection
        )
    return {**dataclasses.asdict(result), "calls": len(calls)}


@contextlib.contextmanager
def calls_of_modules() -> Iterator[list[str]]:
    """Record the class names of modules at each forward pass."""
    calls: list[str] = []
    hook = torch.nn.modules.module.register_module_forward_hook(
        lambda module, *_: calls.append(type(module).__name__)
    )
    try:
        yield calls
    finally:
        hook.remove()


def stages(
    wanted: Mapping[str, Any], report: Any, group: ProcessGroup, device: torch.device
) -> list[Any]:
    """Train several stages in the same processes; an interrupted stage gives its message."""
    found: list[Any] = []
    for one in wanted["stages"]:
        try:
            found.append(stage(one, report, group, device))
        except Interrupted as error:
            found.append(str(error))
    return found


def _signalling(
    group: ProcessGroup, rank: int, step: int, number: int, to_parent: bool, pause: float = 0.0
) -> Any:
    """Return a log function that sends a signal when the main process has saved a state."""

    def log(line: str) -> None:
        if group.rank == rank and f"at step {step}" in line:
            os.kill(os.getppid() if to_parent else os.getpid(), number)
        if group.is_main and line.startswith("saved"):
            time.sleep(pause)

    return log


@contextlib.contextmanager
def found_by_workers() -> Iterator[None]:
    """Make this module importable in the processes of a process group."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HERE), before]))
    try:
        yield
    finally:
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before


def together(
    function: Callable[..., Any],
    wanted: Mapping[str, Any],
    mode: Literal["ddp", "fsdp"],
    processes: int = 2,
    precision: str = "fp32",
) -> Any:
    """Run ``stage`` or ``stages`` in several processes; return the main process's result."""
    with found_by_workers():
        return launch(
            functools.partial(function, wanted),
            processes=processes,
            mode=mode,
            precision=precision,
            num_threads=1,
        )
