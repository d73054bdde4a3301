"""How long the exact nearest-neighbour search takes, and what memory, beside faiss.

    python benchmarks/retrieval.py [--candidates N] [--queries N] [--width D] [--neighbours K]

Prints one table. Vectors are random, of length 1. Where faiss is installed (it is no dependency),
its `IndexFlatIP`, which is exact too, searches the same vectors in the same run with the same
number of threads, and the neighbours are compared; two neighbours whose similarities are closer
than float rounding may be exchanged.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow_scripts"))

from xstilts.prediction.neighbours import BUDGET_BYTES, nearest

ROUNDING = 1e-5


def unit(generator: np.random.Generator, count: int, width: int) -> np.ndarray:
    """Random vectors of length 1."""
    vectors = generator.standard_normal((count, width), np.float32)
    # not np.linalg.norm: its temporary copy would hide what the search needs
    vectors /= np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return vectors


def peak_mib() -> float:
    """Most memory that this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run both and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, default=200_000)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--neighbours", type=int, default=20)
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

    before, started = peak_mib(), time.perf_counter()
    positions, scores = nearest(queries, candidates, options.neighbours)
    seconds = time.perf_counter() - started
    sys.stdout.write(f"ours   {seconds:8.2f} s   peak memory +{peak_mib() - before:.0f} MiB\n")

    if importlib.util.find_spec("faiss") is None:
        sys.stdout.write("faiss  not installed (pip install faiss-cpu)\n")
        return
    import faiss

    faiss.omp_set_num_threads(options.threads)
    before, started = peak_mib(), time.perf_counter()
    index = faiss.IndexFlatIP(options.width)
    index.add(candidates)
    theirs_scores, theirs = index.search(queries, options.neighbours)
    seconds = time.perf_counter() - started
    sys.stdout.write(
        f"faiss  {seconds:8.2f} s   peak memory +{peak_mib() - before:.0f} MiB (with its copy)\n"
    )

    different = positions != theirs
    gap = np.abs(scores - theirs_scores).max()
    sys.stdout.write(f"different neighbours: {different.sum()} of {different.size}; ")
    sys.stdout.write(f"largest difference of a similarity: {gap:.1e}\n")
    if gap > ROUNDING:
        raise SystemExit("the neighbours are not the same")


if __name__ == "__main__":
    main()
