"""Training state on disk: what makes a stage that was stopped go on exactly where it was."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Any

import torch

from xstilts.files import atomic_path, read_json, sha256_of, write_json

logger = logging.getLogger(__name__)

SLOTS = ("state-a", "state-b")
"""Two files in turn: while one is written, the other is whole."""

LAYOUT = 2
"""What a state consists of; one of another layout is not read. 2 has the state of
``torch.optim.AdamW``; 1, which entries do not name, had that of an AdamW of our own."""


def save_state(folder: Path, identity: str, step: int, state: dict[str, Any]) -> None:
    """Write the state after ``step`` steps over the older of the two files.

    Args:
        folder: outside the outputs of the job, which Snakemake deletes before it starts.
        identity: what decides the result of the stage; another identity never reads this state.
        step: number of steps done.
        state: tensors, and builtins around them.
    """
    entries = _entries(folder, identity).items()
    steps = {slot: entry["step"] for slot, entry in entries if entry.get("layout") == LAYOUT}
    slot = min(SLOTS, key=lambda name: steps.get(name, -1))
    # the entry is the proof that the file is whole: it goes first and comes back last
    (folder / f"{slot}.json").unlink(missing_ok=True)
    file = folder / f"{slot}.pt"
    with atomic_path(file) as temporary:
        torch.save(state, temporary)
        checksum = sha256_of(temporary)
    entry = {"identity": identity, "step": step, "sha256": checksum, "layout": LAYOUT}
    write_json(folder / f"{slot}.json", entry)


def load_state(folder: Path, identity: str) -> tuple[int, dict[str, Any]] | None:
    """The newest whole state of this identity with its number of steps; None to start anew.

    The log says why a state that is there is not used.
    """
    entries = _entries(folder, identity)
    for slot in sorted(entries, key=lambda name: -entries[name]["step"]):
        file = folder / f"{slot}.pt"
        if (layout := entries[slot].get("layout", 1)) != LAYOUT:
            logger.warning(
                "%s: this training state of step %s is not used, for another version of the "
                "workflow saved it, with its own optimiser (layout %s, here %s). Unless there is "
                "another one, training starts from the beginning, and what it saves replaces it.",
                *(file, entries[slot]["step"], layout, LAYOUT),
            )
            continue
        if file.is_file() and sha256_of(file) == entries[slot]["sha256"]:
            state = torch.load(file, map_location="cpu", weights_only=True)
            return int(entries[slot]["step"]), state
        logger.warning("%s is damaged; trying an older training state", file)
    return None


def clear_state(folder: Path) -> None:
    """Delete the training state; for the caller, once the stage is complete."""
    for slot in SLOTS:
        (folder / f"{slot}.json").unlink(missing_ok=True)
        (folder / f"{slot}.pt").unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _entries(folder: Path, identity: str) -> dict[str, dict[str, Any]]:
    """Slot to entry, for the states of this identity."""
    entries: dict[str, dict[str, Any]] = {}
    for slot in SLOTS:
        file = folder / f"{slot}.json"
        if not file.is_file():
            continue
        try:
            entry = read_json(file)
            if entry["identity"] == identity:
                entries[slot] = entry
        except (ValueError, KeyError, TypeError):
            logger.warning("%s is damaged; trying an older training state", file)
    return entries
