"""The changed line of the study file, and the commands that run the chosen comparisons."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from xstilts.chains import chain_label
from xstilts.config.load import dotted, naming_options

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from xstilts.grid import Grid
    from xstilts.next_seeds.choice import Candidate


def run_lines(
    grid: Grid, chosen: Sequence[Candidate], arguments: argparse.Namespace
) -> Iterator[str]:
    """Yield the study file's line with more seeds and the commands.

    Args:
        grid: the study.
        chosen: the comparisons to decide.
        arguments: of the command, for the names of the study's files.
    """
    study = grid.study
    run = sorted({seed for one in chosen for seed in one.seeds})
    seeds = [*study.seeds, *(seed for seed in run if seed not in study.seeds)]
    listed = f"[{', '.join(map(str, seeds))}]"
    if seeds == study.seeds:
        yield "The study names these seeds already: no line changes."
    elif _given(grid, arguments):
        yield f"The seeds are given on the command line; below they are {listed}."
    else:
        yield from _study_lines(grid, listed, arguments.configfile[-1])
    options = _options(arguments, listed)
    yield "Then:"
    if _is_all(grid, chosen):
        yield f"    snakemake --cores 2{options}"
    else:
        parts = ["snakemake --cores 2", *_patterns(grid, chosen), *filter(None, [options.strip()])]
        yield "    " + " \\\n        ".join(parts)
        yield f"    xstilts tables{options}"
    yield f"    xstilts next{options}"


def _study_lines(grid: Grid, seeds: str, file: str) -> Iterator[str]:
    """Yield the changed lines of the study file; a smaller version has seeds of its own."""
    scale = grid.study.scale
    keys = ("seeds",) if scale == "full" else (f"{scale}_scale", "replace", "seeds")
    where = grid.lines.where(keys).removesuffix(f": {dotted(keys)}")
    yield f"{file if where == 'config' else where}:"
    for depth, key in enumerate(keys, start=2):
        yield f"{'  ' * depth}{key}:{f' {seeds}' if key == keys[-1] else ''}"


def _given(grid: Grid, arguments: argparse.Namespace) -> bool:
    """True if the seeds are given on the command line, which a smaller version ignores."""
    given = any(pair.startswith("seeds=") for pair in arguments.config)
    return given and grid.study.scale == "full"


def _options(arguments: argparse.Namespace, seeds: str) -> str:
    """Return the options that name the study, with these seeds if they were among them."""
    pairs = [f"seeds={seeds}" if pair.startswith("seeds=") else pair for pair in arguments.config]
    found = naming_options(arguments.configfile, pairs)
    return f" {shlex.join(found)}" if found else ""


def _is_all(grid: Grid, chosen: Sequence[Candidate]) -> bool:
    """True if the chosen cells are all that the study with the added seeds lacks."""
    seeds = {seed for one in chosen for seed in one.seeds}
    cells = {cell for one in chosen for cell in _cells(one)}
    return len(cells) == len(seeds) * len({(c.base, c.strategy, c.target) for c in grid.cells()})


def _cells(one: Candidate) -> Iterator[tuple[str, int, str, str]]:
    compared = one.compared
    for seed in one.seeds:
        for strategy in (compared.strategy, compared.against):
            for target in compared.targets:
                yield compared.model, seed, strategy, target


def _patterns(grid: Grid, chosen: Sequence[Candidate]) -> list[str]:
    """Return the score files of the cells as few patterns of the shell, as in ``seed-{4,5}``."""
    seeds_of: dict[tuple[str, str, str], set[int]] = {}
    for one in chosen:
        for base, seed, strategy, target in _cells(one):
            seeds_of.setdefault((base, target, strategy), set()).add(seed)
    strategies_of: dict[tuple[str, str, tuple[int, ...]], list[str]] = {}
    for (base, target, strategy), seeds in seeds_of.items():
        strategies_of.setdefault((base, target, tuple(sorted(seeds))), []).append(strategy)
    targets_of: dict[tuple[str, tuple[int, ...], tuple[str, ...]], list[str]] = {}
    for (base, target, run), strategies in strategies_of.items():
        targets_of.setdefault((base, run, tuple(strategies)), []).append(target)
    found = []
    for (base, run, names), targets in targets_of.items():
        labels = [tuple(node.label for node in grid.names.strategies[name]) for name in names]
        path = grid.paths.scores(base, 0, (), "TARGET")
        head, tail = path.split("seed-0/none/TARGET")
        chains = _any(map(chain_label, labels))
        found.append(f"{head}seed-{_any(map(str, run))}/{chains}/{_any(targets)}{tail}")
    return found


def _any(names: Iterable[str]) -> str:
    """Return a pattern of the shell for these names."""
    listed = list(dict.fromkeys(names))
    return listed[0] if len(listed) == 1 else f"{{{','.join(listed)}}}"
