"""Products of a study by path: declared identity, and the files they depend on."""

from __future__ import annotations

import contextlib
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.chains import EMPTY_CHAIN
from xstilts.errors import UserError, unknown
from xstilts.grid import identities, inputs, submissions, summaries
from xstilts.grid.figures import TABLES, figure_files, figure_names, report_tables
from xstilts.paths import SUFFIXES, product

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from xstilts.grid.grid import Grid
    from xstilts.kinds import Split


@dataclass(frozen=True, slots=True)
class Product:
    """One product, as currently declared by the study."""

    name: str
    identity_file: Path
    """File with its identity, written last; one of its files if ``holds_identity`` is false."""
    declared: dict[str, Any]
    inputs: tuple[str, ...]
    """Files whose content determines it: manifests, original files or predictions."""
    holds_identity: bool = True
    """True if ``identity_file``, a manifest or Parquet file, contains the identity. For tables,
    figures and the report it is only in Snakemake's metadata."""


def _data(grid: Grid, task: str, language: str, split: Split) -> Product:
    manifest = grid.paths.data(task, language, split)
    return Product(
        product(manifest),
        Path(manifest),
        identities.data(grid, task, language, split),
        tuple(identities.data_files(grid, task, language, split)),
    )


def _download(grid: Grid, task: str, language: str, split: Split) -> Product:
    manifest = grid.paths.download(task, language, split)
    declared = identities.download(grid, task, language, split)
    return Product(product(manifest), Path(manifest), declared, ())


def _tokens(grid: Grid, base: str, task: str, language: str, split: str) -> Product:
    split, _, prefixed = split.partition("-")
    manifest = grid.paths.tokens(base, task, language, split, prefixed)
    inputs = (grid.paths.data(task, language, split), grid.paths.tokenizer(base))
    declared = identities.tokens(grid, task, prefixed)
    return Product(product(manifest), Path(manifest), declared, inputs)


def _base(grid: Grid, base: str, part: str) -> Product:
    manifest = grid.paths.tokenizer(base) if part == "tokenizer" else grid.paths.base(base)
    if not grid.study.bases[base].pretrain:
        declared, files = identities.imported_base(grid, base), inputs.checkpoint(grid, base)
        return Product(product(manifest), Path(manifest), declared, tuple(files))
    if part == "tokenizer":
        declared, found = identities.tokenizer(grid, base), inputs.tokenizer(grid, base)
        return Product(product(manifest), Path(manifest), declared, inputs.files_of(found))
    return _model(grid, manifest, base, 0, EMPTY_CHAIN, None)


def _model(
    grid: Grid, manifest: str, base: str, seed: int, chain: str, target: str | None
) -> Product:
    declared = identities.model(grid, base, seed, chain, target)
    found = inputs.training(grid, base, seed, chain, target)
    return Product(product(manifest), Path(manifest), declared, inputs.files_of(found))


def _intermediate(grid: Grid, base: str, seed: str, chain: str) -> Product:
    number = int(seed.removeprefix("seed-"))
    manifest = grid.paths.intermediate(base, number, grid.stages_of(chain))
    return _model(grid, manifest, base, number, chain, None)


def _target(grid: Grid, base: str, seed: str, chain: str, target: str) -> Product:
    number = int(seed.removeprefix("seed-"))
    manifest = grid.paths.target(base, number, grid.stages_of(chain), target)
    return _model(grid, manifest, base, number, chain, target)


def _predictions(
    grid: Grid, base: str, seed: str, chain: str, target: str, language: str
) -> Product:
    number, node = int(seed.removeprefix("seed-")), grid.names.all_targets[target]
    file = grid.prediction(base, number, grid.stages_of(chain), target, language)
    inputs = (
        grid.model_of(base, number, chain, target),
        grid.paths.data(node.task.name, language, node.split),
        grid.tokens(base, node, language),
    )
    name = f"{product(file)}/{language}"
    return Product(name, Path(file), identities.predictions(grid, target), inputs)


def _scores(grid: Grid, base: str, seed: str, chain: str, target: str) -> Product:
    number, stages = int(seed.removeprefix("seed-")), grid.stages_of(chain)
    file = grid.paths.scores(base, number, stages, target)
    inputs = tuple(
        grid.prediction(base, number, stages, target, language)
        for language in grid.names.all_targets[target].languages
    )
    return Product(product(file), Path(file), identities.scores(grid, target), inputs)


def _trivial_baselines(grid: Grid, target: str) -> Product:
    file = grid.paths.trivial_baselines(target)
    declared, found = (
        identities.trivial_baselines(grid, target),
        inputs.trivial_baselines(grid, target),
    )
    return Product(product(file), Path(file), declared, inputs.files_of(found))


def _submission(grid: Grid, base: str, seed: str, chain: str) -> Product:
    submission = submissions.Submission(base, int(seed.removeprefix("seed-")), chain)
    file = submissions.manifest(grid, submission)
    by_task = submissions.prediction_files(grid, submission)
    inputs = tuple(path for languages in by_task.values() for path in languages.values())
    return Product(product(file), Path(file), submissions.identity(grid), inputs)


def _summary(grid: Grid, kind: str, values: Sequence[str]) -> Product:
    """Return the product of a summary job: all its files are one product."""
    if kind == "report":
        file, declared, found = grid.paths.report, summaries.report(grid), inputs.report(grid)
    elif kind == "figures":
        file, declared = figure_files(grid)[0], summaries.figures(grid)
        found = inputs.figures(grid)
    elif values == ["overlap"]:
        file, declared, found = grid.paths.overlap, summaries.overlap(grid), inputs.overlap(grid)
    else:
        view = grid.in_view("/".join(values[:-1]))
        built = values[-1] in TABLES
        file = f"{view.paths.tables}/{'transfer' if built else 'effects'}.md"
        declared = summaries.tables(view) if built else summaries.statistics(view)
        found = inputs.tables(view) if built else inputs.statistics(view)
    name = "figures" if kind == "figures" else product(file)
    return Product(name, Path(file), declared, inputs.files_of(found), holds_identity=False)


SUMMARIES = ("tables", "figures", "report")
"""First path segments of products made from all cells."""

MAKERS: Mapping[str, tuple[Callable[..., Product], tuple[str, ...]]] = {
    "data": (_data, ("task", "language", "split")),
    "downloads": (_download, ("task", "language", "split")),
    "tokens": (_tokens, ("base", "task", "language", "split")),
    "bases": (_base, ("base", "tokenizer or model")),
    "intermediate": (_intermediate, ("base", "seed", "chain")),
    "target": (_target, ("base", "seed", "chain", "target")),
    "predictions": (_predictions, ("base", "seed", "chain", "target", "language")),
    "scores": (_scores, ("base", "seed", "chain", "target")),
    "trivial_baselines": (_trivial_baselines, ("target",)),
    "submission": (_submission, ("base", "seed", "chain")),
}
"""First path segment below ``results/STUDY`` to the function and wildcards of that kind."""


def find_product(grid: Grid, path: str) -> Product:
    """Return the product at a path (file, folder, or the part below ``results/STUDY``).

    Raises:
        UserError: the path does not belong to a product of this study.
    """
    text = path.replace("\\", "/").rstrip("/").removesuffix("/manifest.json")
    text = text.partition(grid.paths.root + "/")[2] or text
    for suffix in (".json", ".safetensors", *sorted(SUFFIXES), ".html", ".tex"):
        text = text.removesuffix(suffix)
    kind, *values = text.split("/")
    if kind == "results" and values:
        raise UserError(
            f"{path}: belongs to the study {values[0]!r}, not to {grid.study.study!r}. Name its "
            "file: --configfile FILE."
        )
    if kind in SUMMARIES:
        return _named_summary(grid, kind, values, path)
    if kind not in MAKERS:
        raise unknown("kind of product", kind, (*MAKERS, *SUMMARIES), path)
    maker, wildcards = MAKERS[kind]
    if len(values) != len(wildcards):
        pattern = "/".join([kind, *(name.upper() for name in wildcards)])
        raise UserError(f"{path}: expected a path of the form {grid.paths.root}/{pattern}.")
    checks: dict[str, Collection[str]] = {
        "base": grid.study.bases,
        "chain": grid.chains,
        "target": grid.names.all_targets,
        "seed": [f"seed-{seed}" for seed in grid.study.seeds],
        "tokenizer or model": ["tokenizer", "model"],
    }
    for name, value in zip(wildcards, values, strict=True):
        if name in checks and value not in checks[name]:
            raise unknown(name, value, checks[name], path)
    try:
        return maker(grid, *values)
    except UserError:
        raise
    # the study has no such task, language or split
    except (LookupError, ValueError):
        raise UserError(f"{path}: not a product of the study {grid.study.study!r}.") from None


def _named_summary(grid: Grid, kind: str, values: list[str], path: str) -> Product:
    """Return the table, figure or report at a path."""
    view = "/".join(values[:-1]) if kind == "tables" else ""
    if view not in grid.views:
        raise unknown("view", view, filter(None, grid.views), path)
    tables = {Path(file).stem for file in report_tables(grid)} | (
        {"overlap"} if not view else set()
    )
    known = {"tables": tables, "figures": {*figure_names(grid), ""}, "report": {""}}[kind]
    name = values[-1] if kind == "tables" and values else "/".join(values)
    if name not in known:
        raise unknown(f"name below {kind}", name, filter(None, known), path)
    return _summary(grid, kind, values)


def study_products(grid: Grid) -> Iterator[Product]:
    """Yield all products of a study, existing or not, without duplicates."""
    ends = [
        *(f"{grid.in_view(view).paths.tables}/{n}.md" for view in grid.views for n in ENDS),
        grid.paths.report,
        grid.paths.figures,
        *submissions.manifests(grid),
    ]
    yield from with_inputs(grid, [find_product(grid, file) for file in ends])


ENDS = ("transfer", "effects")
"""One table of each job that builds tables."""


def with_inputs(grid: Grid, products: Iterable[Product]) -> Iterator[Product]:
    """Yield products and everything they depend on, without duplicates."""
    queue, seen, files = deque(products), set(), set()
    while queue:
        item = queue.popleft()
        if item.name in seen:
            continue
        seen.add(item.name)
        yield item
        # each file is looked up once: shared inputs would dominate the time
        new = [file for file in item.inputs if file not in files]
        files.update(new)
        queue.extend(_products_of(grid, new))


def identity_files(grid: Grid) -> list[str]:
    """Return the identity files of all products that determine the numbers of a view, each once.

    Args:
        grid: the study, in this view.
    """
    trained = [*grid.training_data(), *grid.selection_data()]
    data = [*trained, *grid.evaluation_data()]
    bases = [
        path(base) for base in grid.study.bases for path in (grid.paths.tokenizer, grid.paths.base)
    ]
    evaluated = [
        (node, code) for node in grid.names.all_targets.values() for code in node.languages
    ]
    tokens: list[str] = []
    for base in grid.study.bases:
        folder = f"{grid.paths.root}/tokens/{base}/"
        tokens += [file.replace(f"{grid.paths.root}/data/", folder) for file in trained]
        tokens += [grid.tokens(base, node, code) for node, code in evaluated]
    models = [*bases, *grid.intermediate_models(), *grid.target_models()]
    cells = [file for file in grid.predictions() if file.endswith(".parquet")]
    files = [*models, *cells, *grid.scores(), *grid.trivial_baselines(), *data, *tokens]
    return list(dict.fromkeys(files))


def inputs_of(grid: Grid, item: Product) -> Iterator[Product]:
    """Yield the products that a product depends on directly; original files are not products."""
    return _products_of(grid, item.inputs)


def _products_of(grid: Grid, files: Iterable[str]) -> Iterator[Product]:
    for file in files:
        if Path(file).parts[:1] == ("results",):
            with contextlib.suppress(UserError):
                yield find_product(grid, file)
