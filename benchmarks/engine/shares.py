"""Share of a training step's time by group of torch operations.

    python benchmarks/engine/shares.py [--precision P] [--layers L] [--vocab V] [--threads T]

Trains on the benchmark's classification workload and profiles eight steps after the first epoch.
Prints one table: the share of each group of operations in the total time.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow_scripts"))

import ours
from setup import Setup
from torch.profiler import ProfilerActivity, profile
from workloads import SET_STEPS

GROUPS = {
    "matrix products": ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm"),
    "dropout's random numbers and masks": (
        "aten::bernoulli_",
        "aten::random_",
        "aten::clamp_",
        "aten::sub_",
        "aten::ge",
    ),
    "copies, including casts to bf16": ("aten::copy_",),
    "GELU, LayerNorm, softmax": (
        "aten::gelu",
        "aten::gelu_backward",
        "aten::native_layer_norm",
        "aten::native_layer_norm_backward",
        "aten::_softmax",
        "aten::_softmax_backward_data",
    ),
    "element-wise sums and products": ("aten::mul", "aten::mul_", "aten::add", "aten::add_"),
    "AdamW, gradient norm and clipping": (
        "aten::_fused_adamw_",
        "aten::linalg_vector_norm",
        "aten::_foreach_mul_",
        "aten::_foreach_norm",
    ),
}


def main() -> None:
    """Train, profile and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="bf16")
    for name, value in {"layers": 4, "vocab": 20000, "threads": 1, "steps": 8}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    options = vars(parser.parse_args())
    setup = Setup(
        workload="classification",
        way="ours",
        device="cpu",
        width=768,
        distinct_tokens=min(options["vocab"], 40000),
        examples=64,
        max_tokens=8192,
        **options,
    )
    profiler = profile(activities=[ProfilerActivity.CPU])
    # after an epoch, memory seldom has to grow for a longer batch
    warm_up, rounds = -(-SET_STEPS // setup.steps), 0

    def turn(_num_tokens: int) -> None:
        nonlocal rounds
        if rounds == warm_up:
            profiler.start()
        if rounds == warm_up + 1:
            profiler.stop()
            report(profiler)
            sys.exit()
        rounds += 1

    with tempfile.TemporaryDirectory() as folder:
        ours.train(setup, Path(folder), turn)


def report(profiler: profile) -> None:
    """Print the shares."""
    seconds = {one.key: one.self_cpu_time_total for one in profiler.key_averages()}
    total = sum(seconds.values())
    rows = {group: sum(seconds.get(name, 0.0) for name in names) for group, names in GROUPS.items()}
    rows["everything else"] = total - sum(rows.values())
    sys.stdout.write("| operations | share of a step |\n|---|---|\n")
    for group, taken in rows.items():
        sys.stdout.write(f"| {group} | {taken / total:.0%} |\n")


if __name__ == "__main__":
    main()
