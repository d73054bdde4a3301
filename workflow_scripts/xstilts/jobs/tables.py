"""Tables of a study, from the scores that exist."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.acceptance import acceptances
from xstilts.chains import chain_label
from xstilts.config.protocol import PROTOCOLS
from xstilts.data.row_counts import summarised
from xstilts.grid import prior_training
from xstilts.grid.read_sets import read_sets
from xstilts.grid.source_report import mixed, source_lines
from xstilts.jobs.training_sizes import capped_examples
from xstilts.kinds import EMBEDDING_KINDS
from xstilts.paths import product
from xstilts.results import failures
from xstilts.results.cells import LEFT_OUT, Cell
from xstilts.results.pivot import Marks
from xstilts.results.render import Header, write_tables
from xstilts.results.unknown_tokens import UnknownShare, remark, unknown_shares

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xstilts.grid import Grid
    from xstilts.grid.grid import Cell as GridCell

NOTE = "Microworld: invented languages in a generated world. No evidence about human languages."


def _upstream(grid: Grid, cell: GridCell) -> list[str]:
    """Return the products that a cell depends on, nearest first; one that failed is its reason."""
    chain = chain_label(cell.stages)
    where = f"{cell.base}/seed-{cell.seed}"
    prefixes = [chain_label(cell.stages[:end]) for end in range(len(cell.stages), 0, -1)]
    node = grid.targets[cell.target]
    task = node.task.name
    return [
        f"scores/{where}/{chain}/{cell.target}",
        f"predictions/{where}/{chain}/{node.predicted_as}",
        f"target/{where}/{chain}/{node.model}",
        *(f"intermediate/{where}/{prefix}" for prefix in prefixes),
        product(grid.paths.base(cell.base)),
        product(grid.paths.tokenizer(cell.base)),
        *(f"tokens/{cell.base}/{name}" for name in (task, "")),
        *(f"data/{name}" for name in (task, "")),
    ]


def _reason(grid: Grid, cell: GridCell, failed: dict[str, failures.Failure]) -> str | None:
    for name in _upstream(grid, cell):
        for job, failure in failed.items():
            if job == name or job.startswith(name.rstrip("/") + "/"):
                return f"{job}: {failure.reason}"
    return None


def study_cells(grid: Grid) -> list[Cell]:
    """Return all cells of the study, with the reason why a cell is missing if known."""
    failed = failures.read(Path(grid.paths.failures))
    return [
        Cell(
            model=cell.base,
            strategy=cell.strategy,
            chain=chain_label(cell.stages),
            target=cell.target,
            seed=cell.seed,
            metric=grid.headline(cell.target),
            languages=grid.targets[cell.target].languages,
            scores=Path(grid.paths.scores(cell.base, cell.seed, cell.stages, cell.target)),
            reason=_reason(grid, cell, failed),
        )
        for cell in grid.cells()
    ]


def _marks(grid: Grid, base: str) -> tuple[Marks, Marks]:
    """Return the marks of a base model's strategies, and of its targets."""
    pairs = zip(prior_training.repeated(grid, base), capped_examples(grid, base), strict=True)
    strategies, targets = (Marks(repeated=[*of], examples=sizes) for of, sizes in pairs)
    return strategies, targets


def study_header(grid: Grid) -> Header:
    """Return the header of a study's tables and report."""
    study = grid.study
    marked = {base: _marks(grid, base) for base in study.bases}
    return Header(
        study=study.study,
        question=study.question,
        protocol=grid.protocol,
        baseline=study.baseline,
        seeds=tuple(study.seeds),
        replicates=study.replicates,
        correct_over=study.correct_over,
        notes=(
            *((NOTE,) if study.source == "microworld" else ()),
            *((gaps,) if (gaps := grid.gaps.text()) else ()),
            *prior_training.notes(grid),
        ),
        strategy_marks={base: marks[0] for base, marks in marked.items()},
        target_marks={base: marks[1] for base, marks in marked.items()},
        accepted=tuple(acceptances(grid)),
        contaminated=grid.contaminated(),
        details=(
            *_hidden_states(grid),
            *_unlisted(grid),
            *_sources(grid),
            *_row_counts(grid),
            *remark(evaluated_unknown_shares(grid)),
        ),
    )


def evaluated_unknown_shares(grid: Grid) -> list[UnknownShare]:
    """Return the shares of unknown tokens in the evaluation sets of the study."""
    manifests: dict[tuple[str, str], dict[Path, None]] = {}
    for base in grid.study.bases:
        for node in grid.targets.values():
            for language in node.languages:
                file = grid.tokens(base, node, language)
                manifests.setdefault((base, language), {})[Path(file)] = None
    return unknown_shares(manifests)


def _hidden_states(grid: Grid) -> Iterator[str]:
    """Yield a sentence on the layers of a protocol with a source, and which are extrapolated."""
    protocol = PROTOCOLS[grid.protocol]
    found: dict[str, list[str]] = {}
    for name, node in grid.targets.items():
        if node.task.kind in EMBEDDING_KINDS and not node.members and protocol.retrieval_states:
            for base in grid.study.bases:
                if num_layers := _num_layers(grid, base, name):
                    text = protocol.layer_text(node.task.kind, num_layers)
                    found.setdefault(f"{base} {text}", []).append(name)
    if found:
        states = "; ".join(f"{', '.join(names)}: {text}" for text, names in found.items())
        yield f"Hidden states of sentence vectors: {states}."


def _num_layers(grid: Grid, base: str, target: str) -> int | None:
    """Return the number of layers of a base, from a prediction of a target; None without any."""
    from xstilts.schema_metadata import read_metadata

    language = grid.targets[target].languages[0]
    for cell in grid.cells():
        if (cell.base, cell.target) == (base, target):
            path = grid.prediction(base, cell.seed, cell.stages, target, language)
            if "num_layers" in (metadata := read_metadata(Path(path))):
                return int(metadata["num_layers"])
    return None


def _unlisted(grid: Grid) -> Iterator[str]:
    """Yield a sentence if targets have languages that their benchmark lacks, in all averages."""
    coverage = grid.names.coverage
    found = {
        name: coverage.unlisted(node.task, node.languages, node.split)
        for name, node in grid.targets.items()
    }
    if text := "; ".join(f"{name} {', '.join(codes)}" for name, codes in found.items() if codes):
        yield f"Languages outside the benchmark, included in means over languages: {text}."


def _row_counts(grid: Grid) -> Iterator[str]:
    """Yield a sentence if data sets do not have the number of examples that their task states."""
    if remarks := summarised(read_sets(grid)):
        yield f"Numbers of examples other than the published ones: {'; '.join(remarks)}."


def _sources(grid: Grid) -> Iterator[str]:
    """Yield a sentence on the sources of the examples, and remarks on mixed ones."""
    if lines := list(source_lines(grid)):
        yield f"Examples from {'; '.join(lines)}."
    yield from (f"{remark}." for remark in mixed(grid))


def table_cells(grid: Grid) -> list[Cell]:
    """Return all cells of the study, and with a reason those whose data cannot be had."""
    if not (gaps := grid.gaps):
        return study_cells(grid)
    found = {(one.model, one.strategy, one.target, one.seed): one for one in study_cells(grid)}
    whole = []
    for cell in grid.whole.cells():
        strategy = gaps.renamed.get(cell.strategy, cell.strategy)
        languages = grid.whole.targets[cell.target].languages
        one = found.get((cell.base, strategy, cell.target, cell.seed))
        if one is None:
            scores = Path(grid.paths.scores(cell.base, cell.seed, cell.stages, cell.target))
            one = Cell(
                model=cell.base,
                strategy=strategy,
                chain=chain_label(cell.stages),
                target=cell.target,
                seed=cell.seed,
                metric=grid.whole.headline(cell.target),
                languages=languages,
                # never an earlier result, from data that are missing now
                scores=scores.with_suffix(".left_out"),
                reason=f"{LEFT_OUT}{gaps.reason(cell.strategy, cell.target)}",
            )
        elif lost := gaps.languages.get(cell.target):
            text = "; ".join(dict.fromkeys(lost.values()))
            reason = one.reason or (text if one.scores.exists() else None)
            one = replace(one, languages=languages, reason=reason)
        whole.append(one)
    return whole


def build_tables(grid: Grid, out: Path) -> None:
    """Write all tables of the study's scores, even if incomplete, to the folder ``out``."""
    trivial_baselines = [Path(file) for file in grid.trivial_baselines()]
    write_tables(out, table_cells(grid), study_header(grid), trivial_baselines)
