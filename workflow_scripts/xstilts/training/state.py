"""The training state on disk, from which an interrupted stage resumes exactly."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Any

import torch

from xstilts.files import atomic_path, read_json, sha256_of, write_json

logger = logging.getLogger(__name__)

SLOTS = ("state-a", "state-b")
"""Two files, written alternately: while one is written, the other is complete."""

LAYOUT = 2
"""Version of the layout of a state; other versions are not read. 2 has the state of
``torch.optim.AdamW``; 1, which entries do not name, had that of another AdamW."""


def save_state(folder: Path, identity: str, step: int, state: dict[str, Any]) -> None:
    """Write the state after ``step`` steps over the older of the two files.

    Args:
        folder: outside the outputs of the job, which Snakemake deletes before it starts.
        identity: digest of all that determines the result; only the same identity can resume.
        step: number of steps done.
        state: nested builtins and tensors.
    """
    entries = _entries(folder, identity).items()
    steps = {slot: entry["step"] for slot, entry in entries if entry.get("layout") == LAYOUT}
    slot = min(SLOTS, key=lambda name: steps.get(name, -1))
    # the entry proves that the file is complete: it is deleted first and written last
    (folder / f"{slot}.json").unlink(missing_ok=True)
    file = folder / f"{slot}.pt"
    with atomic_path(file) as temporary:
        torch.save(state, temporary)
        checksum = sha256_of(temporary)
    entry = {"identity": identity, "step": step, "sha256": checksum, "layout": LAYOUT}
    write_json(folder / f"{slot}.json", entry)


def load_state(folder: Path, identity: str) -> tuple[int, dict[str, Any]] | None:
    """Return the newest complete state of this identity and its step; None if there is none.

    A warning says why a state on disk is not used.
    """
    entries = _entries(folder, identity)
    for slot in sorted(entries, key=lambda name: -entries[name]["step"]):
        file = folder / f"{slot}.pt"
        if (layout := entries[slot].get("layout", 1)) != LAYOUT:
            logger.warning(
                "%s: this training state of step %s is not used: another version of the workflow "
                "saved it, with another optimiser (layout %s, here %s). Without another state, "
                "training starts from the beginning and overwrites it.",
                *(file, entries[slot]["step"], layout, LAYOUT),
            )
            continue
        if file.is_file() and sha256_of(file) == entries[slot]["sha256"]:
            state = torch.load(file, map_location="cpu", weights_only=True)
            return int(entries[slot]["step"]), state
        logger.warning("%s is damaged; trying an older training state", file)
    return None


def clear_state(folder: Path) -> None:
    """Delete the training state of a finished stage."""
    for slot in SLOTS:
        (folder / f"{slot}.json").unlink(missing_ok=True)
        (folder / f"{slot}.pt").unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _entries(folder: Path, identity: str) -> dict[str, dict[str, Any]]:
    """Return slot to entry, for the states of this identity."""
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
