"""One training stage: pretraining, intermediate or target, told apart by the identity alone."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from xstilts.files import sha256_of
from xstilts.gpus import leased
from xstilts.identity import digest
from xstilts.manifest import contents, full_identity, keep, reuse, write_manifest
from xstilts.progress import Reporter
from xstilts.tracking import Tracking

if TYPE_CHECKING:
    from xstilts.gpus import Gpus
    from xstilts.progress import Progress
    from xstilts.training.running import TrainResult

LOGGER = logging.getLogger(__name__)
RECORDS = ("history.parquet", "data_map.parquet")
"""What was noted during the training: times, and sums whose order depends on how it was run."""


def train_stage(
    identity: dict[str, Any],
    *,
    parent: Path,
    tokens: Sequence[Path],
    dev: Sequence[tuple[Path, Path]],
    manifest: Path,
    state_root: Path,
    tokens_per_pass: int,
    num_threads: int,
    gradient_checkpointing: bool = False,
    save_steps: int = 0,
    gpus: Gpus | None = None,
    processes: int = 1,
    mode: Literal["ddp", "fsdp"] = "ddp",
    report: Callable[[Progress], None] | None = None,
    tracking: Tracking | None = None,
) -> None:
    """Train a stage into the manifest's folder, or reuse what is there with the same identity.

    The finished files take their names only when all are written, and the manifest comes last.

    Args:
        identity: declared identity of the stage (``xstilts.grid.identities.model``).
        parent: manifest of the parent model; of the tokenizer where the stage starts from noise.
        tokens: token manifests of the mixture's members, in order.
        dev: (token, data) manifests of the dev sets, in the identity's order; may be empty.
        manifest: manifest to write.
        state_root: folder of training states; this stage's is named by its identity.
        tokens_per_pass: padded word pieces per forward pass (speed and memory, not the result).
        num_threads: CPU threads, of each process.
        gradient_checkpointing: compute layers again in the backward pass (memory, not the result).
        save_steps: steps between savings of the state, besides those by time; 0 is off.
        gpus: leased while the stage trains; None takes what the environment shows.
        processes: how many train the stage together, each on a GPU of its own if there are any.
        mode: of several processes, ``ddp`` for copies of the model, ``fsdp`` for one in shards.
        report: told how far the stage is; by default, lines in the log.
        tracking: where its curves go, besides the record beside the model.

    Raises:
        UserError: an input is damaged, a tool is missing, or training diverged.
        Interrupted: stopped by a signal, after saving its state.
    """
    full = full_identity(
        identity, contents([parent, *tokens, *(path for pair in dev for path in pair)])
    )
    if reuse(manifest, full):
        LOGGER.info("reused: a model with this identity (%s) is here and whole", digest(full))
        return
    if (identity["recipe"].get("lora") or {}).get("quantise"):
        from xstilts.models.adapters import require_bitsandbytes

        require_bitsandbytes()
    LOGGER.info("training on %s, from %s", ", ".join(identity["mixture"]), parent.parent)
    fresh = manifest.parent / ".fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    state_dir = state_root / digest(full)
    work = {
        "identity": identity,
        "parent": str(parent),
        "tokens": [str(path) for path in tokens],
        "dev": [[str(path) for path in pair] for pair in dev],
        "manifest": str(manifest),
        "out_dir": str(fresh),
        "state_dir": str(state_dir),
        "tracking": dataclasses.asdict(tracking or Tracking()),
        "running": {
            "identity": digest(full),
            "tokens_per_pass": tokens_per_pass,
            "num_threads": num_threads,
            "gradient_checkpointing": gradient_checkpointing,
            "save_steps": save_steps,
        },
    }
    with leased(gpus):
        result = _run(work, processes, mode, report or Reporter())
    _publish(
        manifest,
        full,
        fresh,
        {
            **result,
            "num_threads": num_threads,
            "processes": processes,
            "gradient_checkpointing": gradient_checkpointing,
        },
    )
    from xstilts.training.state import clear_state

    clear_state(state_dir)


def _publish(manifest: Path, full: dict[str, Any], fresh: Path, facts: Mapping[str, Any]) -> None:
    """Give the finished files of the folder ``fresh`` their names; the manifest comes last."""
    from xstilts.versions import versions

    # of a model with another recipe; a reader would take its files for a part of this one
    for left in _files_in(manifest.parent):
        left.unlink()
    files = {file.name: file.replace(manifest.parent / file.name) for file in _files_in(fresh)}
    fresh.rmdir()
    # records of the training: of interest, but no part of what the next stage starts from
    content = {n: sha256_of(path) for n, path in files.items() if n not in RECORDS}
    facts = {**facts, "versions": versions()}
    write_manifest(manifest, full, files=files, facts=facts, content=digest(content))
    keep(manifest)


def _run(
    work: dict[str, Any],
    processes: int,
    mode: Literal["ddp", "fsdp"],
    report: Callable[[Progress], None],
) -> dict[str, Any]:
    """The report of a stage, trained here or by several processes."""
    if processes == 1:
        return train_as_told(work, report)
    from xstilts.training.launch import launch

    result = launch(
        "xstilts.stages.train:train_as_told",
        work,
        processes=processes,
        mode=mode,
        precision=work["identity"]["recipe"]["precision"],
        num_threads=work["running"]["num_threads"],
        report=report,
    )
    return {**result, "device": f"{processes} x {result['device']}"}


def train_as_told(
    work: Mapping[str, Any], report: Callable[[Progress], None], *place: Any
) -> dict[str, Any]:
    """The report of a stage that is trained as plain values say, by one process or as one of many.

    Args:
        work: identity, paths of inputs and outputs, and how to run.
        report: told how far the stage is.
        place: team and device of this process; by default alone, on the GPU if there is one.
    """
    from xstilts.training.running import Running
    from xstilts.training.team import ALONE

    team, device = place or (ALONE, "auto")
    # the curves of several processes are the same: one writes them
    tracking = Tracking(**work["tracking"]) if team.first else Tracking()
    running = Running(
        **work["running"],
        state_dir=Path(work["state_dir"]),
        device=str(device),
        team=team,
        report=report,
        tracker=tracking.open(
            Path(work["manifest"]), work["running"]["identity"], work["identity"]["recipe"]
        ),
    )
    with contextlib.closing(running.tracker):
        result = _train(
            work["identity"],
            Path(work["parent"]),
            [Path(path) for path in work["tokens"]],
            [(Path(tokens), Path(data)) for tokens, data in work["dev"]],
            Path(work["out_dir"]),
            running,
        )
    return dataclasses.asdict(result)


def _train(
    identity: Mapping[str, Any],
    parent: Path,
    tokens: Sequence[Path],
    dev: Sequence[tuple[Path, Path]],
    out_dir: Path,
    running: Any,
) -> TrainResult:
    """Translate the identity into the engine's terms and run it."""
    from xstilts.config.recipe import Recipe
    from xstilts.models.heads import HeadSpec
    from xstilts.tokens.labels import labels_of_members
    from xstilts.training.loop import train
    from xstilts.training.sampler import Member

    members = []
    for text, path in zip(identity["mixture"], tokens, strict=True):
        task, _, language = text.partition("@")
        member = Member(
            task=identity["head_of"][task], language=language, tokens=path.with_suffix(".arrow")
        )
        members.append(member)
    heads = {
        name: HeadSpec(
            kind=head["kind"],
            labels=tuple(head["labels"])
            or labels_of_members([member.tokens for member in members if member.task == name]),
        )
        for name, head in identity["heads"].items()
    }
    recipe = Recipe(**identity["recipe"])
    return train(
        identity.get("architecture") or parent.parent,
        members,
        heads,
        recipe,
        seed=identity["seed"],
        out_dir=out_dir,
        home=out_dir.parent,
        running=running,
        selection=_selection(identity, dev, heads, recipe, running),
    )


def _selection(
    identity: Mapping[str, Any],
    dev: Sequence[tuple[Path, Path]],
    heads: Mapping[str, Any],
    recipe: Any,
    running: Any,
) -> Any:
    """What chooses the weights that are kept; None keeps the last."""
    if not dev:
        return None
    from xstilts.prediction.options import PredictOptions
    from xstilts.training.selection import DevSet, Selection

    dev_sets = []
    for (text, judged), (token_set, data_set) in zip(identity["dev"].items(), dev, strict=True):
        task, _, language = text.partition("@")
        dev_set = DevSet(
            task=identity["head_of"][task],
            language=language,
            metric=judged["metric"],
            scorer=judged["scorer"],
            options=PredictOptions(**judged["decoding"]),
            tokens=token_set.with_suffix(".arrow"),
            data=data_set.with_suffix(".parquet"),
        )
        dev_sets.append(dev_set)
    return Selection(dev_sets, heads, recipe, running)


def _files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())
