"""Any product of a study by its path: what declares it, and the manifests it is made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.chains import EMPTY_CHAIN
from xstilts.errors import UserError, unknown
from xstilts.grid import identities, submissions
from xstilts.paths import product

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from xstilts.grid.grid import Grid
    from xstilts.kinds import Split


@dataclass(frozen=True, slots=True)
class Product:
    """One product as the study declares it now."""

    name: str
    record: Path
    """The file that holds the identity with which it was made: a manifest or a Parquet file."""
    declared: dict[str, Any]
    inputs: tuple[str, ...]
    """Files whose content decides it: manifests, original files or predictions."""


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
    manifest = grid.paths.tokens(base, task, language, split)
    inputs = (grid.paths.data(task, language, split), grid.paths.tokenizer(base))
    return Product(product(manifest), Path(manifest), identities.tokens(grid, task), inputs)


def _base(grid: Grid, base: str, part: str) -> Product:
    manifest = grid.paths.tokenizer(base) if part == "tokenizer" else grid.paths.base(base)
    if not grid.study.bases[base].pretrain:
        return Product(product(manifest), Path(manifest), identities.found_base(grid, base), ())
    if part == "tokenizer":
        members = grid.text_members(base)
        inputs = tuple(grid.paths.data(m.task, m.language, "train") for m in members)
        return Product(product(manifest), Path(manifest), identities.tokenizer(grid, base), inputs)
    return _model(grid, manifest, base, 0, EMPTY_CHAIN, None)


def _model(
    grid: Grid, manifest: str, base: str, seed: int, chain: str, target: str | None
) -> Product:
    parent = grid.parent(base, seed, chain, target)
    members = grid.members(base, chain, target)
    tokens = [grid.paths.tokens(base, m.task, m.language, "train") for m in members]
    for m in grid.dev_members(base, chain, target):
        dev = (m.task, m.language, "validation")
        tokens += [grid.paths.tokens(base, *dev), grid.paths.data(*dev)]
    declared = identities.model(grid, base, seed, chain, target)
    return Product(product(manifest), Path(manifest), declared, (parent, *tokens))


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
    record = grid.prediction(base, number, grid.stages_of(chain), target, language)
    inputs = (
        grid.model_of(base, number, chain, target),
        grid.paths.data(node.task.name, language, node.split),
        grid.paths.tokens(base, node.task.name, language, node.split),
    )
    name = f"{product(record)}/{language}"
    return Product(name, Path(record), identities.predictions(grid, target), inputs)


def _scores(grid: Grid, base: str, seed: str, chain: str, target: str) -> Product:
    number, stages = int(seed.removeprefix("seed-")), grid.stages_of(chain)
    record = grid.paths.scores(base, number, stages, target)
    inputs = tuple(
        grid.prediction(base, number, stages, target, language)
        for language in grid.names.all_targets[target].languages
    )
    return Product(product(record), Path(record), identities.scores(grid, target), inputs)


def _baselines(grid: Grid, target: str) -> Product:
    record, node = grid.paths.baselines(target), grid.targets[target]
    inputs = (
        *(grid.paths.data(m.task, m.language, "train") for m in grid.baseline_members(target)),
        *(grid.paths.data(node.task.name, code, node.split) for code in node.languages),
    )
    return Product(product(record), Path(record), identities.baselines(grid, target), inputs)


def _submission(grid: Grid, base: str, seed: str, chain: str) -> Product:
    submission = submissions.Submission(base, int(seed.removeprefix("seed-")), chain)
    record = submissions.manifest(grid, submission)
    files = submissions.prediction_files(grid, submission)
    inputs = tuple(file for languages in files.values() for file in languages.values())
    return Product(product(record), Path(record), submissions.identity(grid), inputs)


MAKERS: Mapping[str, tuple[Callable[..., Product], tuple[str, ...]]] = {
    "data": (_data, ("task", "language", "split")),
    "downloads": (_download, ("task", "language", "split")),
    "tokens": (_tokens, ("base", "task", "language", "split")),
    "bases": (_base, ("base", "tokenizer or model")),
    "intermediate": (_intermediate, ("base", "seed", "chain")),
    "target": (_target, ("base", "seed", "chain", "target")),
    "predictions": (_predictions, ("base", "seed", "chain", "target", "language")),
    "scores": (_scores, ("base", "seed", "chain", "target")),
    "baselines": (_baselines, ("target",)),
    "submission": (_submission, ("base", "seed", "chain")),
}
"""First path segment below ``results/STUDY`` to how to describe a product of that kind."""


def find_product(grid: Grid, path: str) -> Product:
    """The product that a path (file, folder, or the part below ``results/STUDY``) belongs to.

    Raises:
        UserError: the path is not one of a product of this study.
    """
    text = path.replace("\\", "/").rstrip("/").removesuffix("/manifest.json")
    text = text.partition(grid.paths.root + "/")[2] or text
    for suffix in (".json", ".parquet", ".arrow", ".safetensors"):
        text = text.removesuffix(suffix)
    kind, *values = text.split("/")
    if kind not in MAKERS:
        raise unknown("kind of product", kind, MAKERS, path)
    maker, nouns = MAKERS[kind]
    if len(values) != len(nouns):
        shape = "/".join([kind, *(noun.upper() for noun in nouns)])
        raise UserError(f"{path}: a path of this kind reads {grid.paths.root}/{shape}.")
    checks: dict[str, Collection[str]] = {
        "base": grid.study.bases,
        "chain": grid.chains,
        "target": grid.names.all_targets,
        "seed": [f"seed-{seed}" for seed in grid.study.seeds],
        "tokenizer or model": ["tokenizer", "model"],
    }
    for noun, value in zip(nouns, values, strict=True):
        if noun in checks and value not in checks[noun]:
            raise unknown(noun, value, checks[noun], path)
    return maker(grid, *values)
