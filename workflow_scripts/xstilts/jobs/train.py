"""Training of a stage: pretraining, intermediate or target, which differ in identity only."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.files import sha256_of
from xstilts.gpus import leased
from xstilts.identity import digest
from xstilts.jobs.train_process import (
    RuntimeSettings,
    StageSpec,
    train_here,
    train_in_process_group,
)
from xstilts.leftovers import FRESH
from xstilts.manifest import contents, full_identity, keep, reuse, write_manifest
from xstilts.progress import Reporter
from xstilts.tracking import Tracking
from xstilts.training.signals import postpone_stop

if TYPE_CHECKING:
    from xstilts.gpus import Gpus
    from xstilts.progress import Progress

LOGGER = logging.getLogger(__name__)
HISTORY_FILES = ("history.parquet", "data_map.parquet")
"""Files about the training itself, which are not bit-identical between equal runs."""


def train_stage(
    identity: dict[str, Any],
    *,
    parent: Path,
    tokens: Sequence[Path],
    dev: Sequence[tuple[Path, Path]],
    manifest: Path,
    state_root: Path,
    settings: RuntimeSettings,
    gpus: Gpus | None = None,
    report: Callable[[Progress], None] | None = None,
    tracking: Tracking | None = None,
) -> None:
    """Train a stage into the manifest's folder, or reuse a model of the same identity there.

    Files are written to a temporary folder and moved when all are complete, the manifest last.

    Args:
        identity: declared identity of the stage (``xstilts.grid.identities.model``).
        parent: manifest of the parent model, or of the tokenizer of a new encoder.
        tokens: token manifests of the mixture's training sets, in order.
        dev: (token, data) manifests of the dev sets, in the identity's order; may be empty.
        manifest: manifest to write.
        state_root: folder of training states; this stage's is named by its identity.
        settings: settings of speed and memory.
        gpus: leased while the stage trains; None uses the visible devices.
        report: receives the progress; by default, writes lines to the log.
        tracking: trackers of the training curves, besides the history next to the model.

    Raises:
        UserError: an input is damaged, a tool is missing, or training diverged.
        Interrupted: stopped by a signal, after saving its state.
    """
    full = full_identity(
        identity, contents([parent, *tokens, *(path for pair in dev for path in pair)])
    )
    if reuse(manifest, full):
        LOGGER.info("reused: a complete model with this identity (%s) exists", digest(full))
        return
    if (identity["recipe"].get("lora") or {}).get("quantise"):
        from xstilts.models.adapters import require_bitsandbytes

        require_bitsandbytes()
    LOGGER.info("training on %s, from %s", ", ".join(identity["mixture"]), parent.parent)
    fresh = manifest.parent / FRESH
    state_dir = state_root / digest(full)
    spec = StageSpec(
        identity=identity,
        run_id=digest(full),
        parent=parent,
        tokens=tuple(tokens),
        dev=tuple(dev),
        manifest=manifest,
        out_dir=fresh,
        state_dir=state_dir,
        tracking=tracking or Tracking(),
        settings=settings,
    )
    with _made(fresh):
        with leased(gpus):
            result = _run(spec, report or Reporter())
        postpone_stop()
        _publish(manifest, full, fresh, {**dataclasses.asdict(settings), **result})
    from xstilts.training.state import clear_state

    clear_state(state_dir)


@contextlib.contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Make an empty folder for the block, and remove it with what is left in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _publish(manifest: Path, full: dict[str, Any], fresh: Path, facts: Mapping[str, Any]) -> None:
    """Move the finished files from the folder ``fresh`` to the manifest's, and write it last."""
    from xstilts.versions import versions

    # files of a model with another recipe, which would be mistaken for files of this one
    for left in _files_in(manifest.parent):
        left.unlink()
    files = {file.name: file.replace(manifest.parent / file.name) for file in _files_in(fresh)}
    # the next stage does not depend on these
    content = {n: sha256_of(path) for n, path in files.items() if n not in HISTORY_FILES}
    facts = {**facts, "versions": versions()}
    write_manifest(manifest, full, files=files, facts=facts, content=digest(content))
    keep(manifest)


def _run(spec: StageSpec, report: Callable[[Progress], None]) -> dict[str, Any]:
    """Train the stage in this process or in several; return the fields of a ``TrainResult``."""
    settings = spec.settings
    if settings.processes == 1:
        from xstilts.training.process_group import SINGLE_PROCESS

        return dataclasses.asdict(train_here(spec, report, SINGLE_PROCESS, "auto"))
    from xstilts.training.launch import launch

    result = launch(
        functools.partial(train_in_process_group, spec),
        processes=settings.processes,
        mode=settings.mode,
        precision=spec.identity["recipe"]["precision"],
        num_threads=settings.num_threads,
        report=report,
    )
    return {**result, "device": f"{settings.processes} x {result['device']}"}


def _files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())
