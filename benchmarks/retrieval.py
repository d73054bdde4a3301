"""Time and memory of the exact nearest-neighbour search, compared with faiss.

    python benchmarks/retrieval.py [--candidates N] [--queries N] [--width D] [--rounds R] ...

Prints one table. Vectors are random, of length 1. If faiss is installed (it is not a dependency),
its `IndexFlatIP`, which is also exact, searches the same vectors in the same run with the same
number of threads, and the neighbours are compared; neighbours whose similarities differ by less
than float rounding may be swapped.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow_scripts"))

from xstilts.prediction.neighbours import BUDGET_BYTES, nearest

ROUNDING = 1e-5

Found = tuple[np.ndarray, np.ndarray]
Way = Callable[[np.ndarray, np.ndarray, int], Found]


def unit(generator: np.random.Generator, count: int, width: int) -> np.ndarray:
    """Random vectors of length 1."""
    vectors = generator.standard_normal((count, width), np.float32)
    # not np.linalg.norm: its temporary copy would hide the memory of the search
    vectors /= np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return vectors


def peak_mib() -> float:
    """Peak memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run both and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, default=200_000)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--neighbours", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    generator = np.random.default_rng(0)
    candidates = unit(generator, options.candidates, options.width)
    queries = unit(generator, options.queries, options.width)
    size = candidates.nbytes / 2**20
    sys.stdout.write(f"{options.candidates} x {options.width} candidates ({size:.0f} MiB), ")
    sys.stdout.write(f"{options.queries} queries, {options.neighbours} neighbours, ")
    sys.stdout.write(f"{options.threads} threads, budget {BUDGET_BYTES >> 20} MiB\n")

    ways: dict[str, Way] = {"ours": nearest}
    if importlib.util.find_spec("faiss"):
        ways["faiss"] = with_faiss(options.threads)
    else:
        sys.stdout.write("faiss  not installed (pip install faiss-cpu)\n")
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    growth: dict[str, float] = {}
    found: dict[str, Found] = {}
    for _ in range(options.rounds):  # alternating: load on the machine slows both
        for name, search in ways.items():
            before, started = peak_mib(), time.perf_counter()
            found[name] = search(queries, candidates, options.neighbours)
            seconds[name].append(time.perf_counter() - started)
            growth.setdefault(name, peak_mib() - before)
    for name, taken in seconds.items():
        sys.stdout.write(
            f"{name:6} {statistics.median(taken):8.2f} s ({min(taken):.2f} - {max(taken):.2f})   "
            f"peak memory +{growth[name]:.0f} MiB\n"
        )
    if "faiss" in found:
        compare(found["ours"], found["faiss"])


def with_faiss(threads: int) -> Way:
    """Search with faiss's flat index, which keeps a copy of the candidates."""
    import faiss

    faiss.omp_set_num_threads(threads)

    def search(queries: np.ndarray, candidates: np.ndarray, count: int) -> Found:
        index = faiss.IndexFlatIP(candidates.shape[1])
        index.add(candidates)
        scores, positions = index.search(queries, count)
        return positions, scores

    return search


def compare(ours: Found, theirs: Found) -> None:
    """Print how the neighbours differ; exit with an error if by more than rounding."""
    different = ours[0] != theirs[0]
    gap = np.abs(ours[1] - theirs[1]).max()
    sys.stdout.write(f"different neighbours: {different.sum()} of {different.size}; ")
    sys.stdout.write(f"largest difference of a similarity: {gap:.1e}\n")
    if gap > ROUNDING:
        raise SystemExit("the neighbours are not the same")


if __name__ == "__main__":
    main()
