"""Tiny stages with known trained weights: one per kind, and per option of training.

A refactoring that leaves these digests alone trains what it trained before. Floating-point sums are
rounded differently by different processors and versions of torch, so a digest belongs to one
``platform_key``; the losses of all platforms agree within ``TOLERANCE``.

    python tests/unit/golden_stages.py            # record this platform, if the losses agree
    python tests/unit/golden_stages.py --changed  # accept new numbers; CHANGELOG.md names them
    python tests/unit/golden_stages.py --release  # after a release: its numbers are the reference
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import torch
from safetensors.torch import load_file
from toy_stage import stage

from xstilts.config.adapters import Lora

GOLDEN = Path(__file__).parents[1] / "golden/stages.json"
TOLERANCE = 0.02
"""Relative difference of a step's loss between processors; bf16 has eight bits."""

LORA = {"rank": 2, "alpha": 4.0, "dropout": 0.1, "modules": "all-linear", "merge": False}
STAGES: dict[str, dict[str, Any]] = {
    "classification": {},
    "multiple_choice": {"kinds": ("multiple_choice",)},
    "span": {"kinds": ("span",)},
    "tagging": {"kinds": ("tagging",)},
    "mlm": {"kinds": ("mlm",)},
    "ranking": {"kinds": ("ranking",)},
    "mixture": {
        "kinds": ("classification", "span", "mlm"),
        "sampling": "temperature",
        "sampling_temperature": 2.0,
    },
    "second_stage": {"start": "classification", "keep_head": True},
    "lora": {"start": "classification", "lora": LORA},
    "lora_merged": {"start": "classification", "lora": {**LORA, "merge": True}},
    "selection": {"kinds": ("tagging",), "dev": 20, "selection": "best", "eval_steps": 2},
    "padding_free": {"padding_free": True},
    "bf16": {"precision": "bf16"},
}
"""Name to the options of a stage (``toy_stage.stage``); ``start`` names another stage."""


def platform_key() -> str:
    """Return what affects rounding: the version of torch, and the processor's instructions."""
    flags: set[str] = set()
    information = Path("/proc/cpuinfo")
    if information.is_file():
        line = next((x for x in information.read_text().splitlines() if x.startswith("flags")), "")
        flags = {f for f in line.split() if f.startswith(("avx", "amx", "fma"))}
    instructions = hashlib.sha256(" ".join(sorted(flags)).encode()).hexdigest()[:8]
    capability = torch.backends.cpu.get_cpu_capability().lower()
    version = torch.__version__.partition("+")[0]
    return f"torch-{version} {platform.machine()} {capability} {instructions}"


def weights_digest(model: Path) -> str:
    """Return the digest of a model's tensors: names, dtypes, shapes and bytes, sorted by name."""
    found = hashlib.sha256()
    for file in sorted(model.glob("*.safetensors")):
        for name, tensor in sorted(load_file(file).items()):
            found.update(f"{file.name} {name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            found.update(tensor.contiguous().view(torch.uint8).numpy().tobytes())
    return found.hexdigest()[:16]


def train_golden(folder: Path, name: str) -> dict[str, Any]:
    """Train a golden stage and the stages before it; return its losses and its digest."""
    changes = dict(STAGES[name])
    if parent := changes.pop("start", None):
        if not (folder / parent).is_dir():
            train_golden(folder, parent)
        changes["start"] = folder / parent
    if "lora" in changes:
        changes["lora"] = Lora(**changes["lora"])
    stage(folder, out=name, **changes)
    history = pq.read_table(folder / name / "history.parquet")
    losses = [round(float(loss), 4) for loss in history["loss"].to_pylist()]
    return {"losses": losses, "weights": weights_digest(folder / name)}


def read_golden() -> dict[str, Any]:
    """Read ``current`` and ``previous`` (last release): stage to losses and digests."""
    return dict(json.loads(GOLDEN.read_text(encoding="utf-8")))


def changed_stages(golden: dict[str, Any]) -> set[str]:
    """Return the stages whose values differ from the last release on a common platform."""
    before, now = golden["previous"], golden["current"]
    return {
        name
        for name in before.keys() & now.keys()
        if any(
            before[name]["weights"][key] != now[name]["weights"][key]
            for key in before[name]["weights"].keys() & now[name]["weights"].keys()
        )
        or not losses_agree(before[name]["losses"], now[name]["losses"])
    }


def losses_agree(ones: list[float], others: list[float]) -> bool:
    """Return True if the losses of two trainings are equal up to rounding."""
    return len(ones) == len(others) and all(
        abs(one - other) <= TOLERANCE * max(abs(one), abs(other))
        for one, other in zip(ones, others, strict=True)
    )


def _record(*, changed: bool) -> None:
    golden = read_golden() if GOLDEN.is_file() else {"previous": {}, "current": {}}
    current, key = golden["current"], platform_key()
    with tempfile.TemporaryDirectory() as folder:
        for name in STAGES:
            found = train_golden(Path(folder), name)
            known = current.get(name)
            same = known and losses_agree(known["losses"], found["losses"])
            same = same and known["weights"].get(key, found["weights"]) == found["weights"]
            if known and not same and not changed:
                sys.exit(f"{name}: other numbers than in {GOLDEN}; see --changed.")
            if not same:
                current[name] = {"losses": found["losses"], "weights": {}}
            current[name]["weights"][key] = found["weights"]
    _write(golden["previous"], {name: current[name] for name in STAGES})


def _write(previous: dict[str, Any], current: dict[str, Any]) -> None:
    """Write the golden values, one stage per line."""
    sections = (
        f'"{title}": {{\n'
        + ",\n".join(f'"{n}": {json.dumps(s)}' for n, s in stages.items())
        + "\n}"
        for title, stages in (("previous", previous), ("current", current))
    )
    GOLDEN.write_text("{" + ",\n".join(sections) + "}\n", encoding="utf-8")


if __name__ == "__main__":
    if "--release" in sys.argv:
        golden = read_golden()["current"]
        _write(golden, golden)
    else:
        _record(changed="--changed" in sys.argv)
