"""The finished stage that a path names, with what its manifests say of the chain before it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.chains import chain_text
from xstilts.errors import UserError, unknown
from xstilts.explain import not_made
from xstilts.grid.products import find_product
from xstilts.manifest import ADAPTER_PARENT, Manifest, read_manifest, require_whole
from xstilts.models.heads import read_index
from xstilts.paths import product

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xstilts.grid import Grid

KINDS = ("intermediate", "target", "bases")
"""Folders of models."""
_CLOSE = 0.4
"""Similarity of paths from which one is suggested."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A finished stage."""

    grid: Grid
    path: Path
    """Its manifest."""
    manifest: Manifest
    base: str
    seed: int
    """Seed of the study; of pretraining, its own."""
    chain: str
    """Path segment of the stages before the target, or up to this one."""
    target: str | None

    @property
    def folder(self) -> Path:
        """The folder of the model."""
        return self.path.parent

    @property
    def name(self) -> str:
        """Name of the product."""
        return product(self.path.as_posix())

    @property
    def declared(self) -> dict[str, Any]:
        """Mixture, recipe and seed with which it was made."""
        declared: dict[str, Any] = self.manifest.identity["declared"]
        return declared

    @property
    def is_adapter(self) -> bool:
        """True if it is stored as adapters of another model."""
        return ADAPTER_PARENT in self.manifest.files

    @property
    def text(self) -> str:
        """The chain for display: ``mini → mnli → xnli``."""
        stages = tuple(map(self.grid.gaps.label, self.grid.chains[self.chain]))
        return chain_text((self.base, *stages, *([self.target] if self.target else [])))

    @property
    def tokenizer(self) -> Path:
        """The folder of its tokenizer."""
        return Path(self.grid.paths.tokenizer(self.base)).parent

    def before(self) -> list[Path]:
        """Return the manifests of the models that it was made from, the base first."""
        stages = self.grid.stages_of(self.chain)
        if self.target is None or self.grid.joined(self.chain):
            stages = stages[:-1]
        if self.path == Path(self.grid.paths.base(self.base)):
            return []
        lengths = range(len(stages) + 1)
        return [
            Path(self.grid.paths.intermediate(self.base, self.seed, stages[:n])) for n in lengths
        ]

    def trained(self) -> Iterator[tuple[Path, Manifest]]:
        """Yield the manifests of the trained stages of its chain that exist, it itself last."""
        for path in self.before():
            if path.is_file() and "recipe" in (found := read_manifest(path)).identity["declared"]:
                yield path, found
        yield self.path, self.manifest


def find_stage(grid: Grid, path: str) -> Stage:
    """Return the finished stage at a path, after comparing its files with their checksums.

    Args:
        grid: the study.
        path: of the folder or manifest of a model.

    Raises:
        UserError: not a trained model of this study, not finished, or damaged.
    """
    try:
        item = find_product(grid, path)
    except UserError as error:
        helps = "Did you mean" in str(error) or "--configfile" in str(error)
        raise UserError(f"{error}{'' if helps else _nearest(grid, path)}") from None
    kind, *values = item.name.split("/")
    if kind not in KINDS or values[-1] == "tokenizer":
        named = "a tokenizer" if kind == "bases" else f"one of the study's {kind}"
        raise UserError(
            f"{path}: {named}, not a trained model. Name the folder of a model below "
            f"{grid.paths.root}/target or {grid.paths.root}/intermediate.{_nearest(grid, path)}"
        )
    base = values[0]
    if kind == "bases" and grid.study.bases[base].pretrain is None:
        raise UserError(
            f"{path}: the base model as it was imported, not a stage that this study trained."
            f"{_nearest(grid, path)}"
        )
    if not item.identity_file.is_file():
        raise UserError(
            f"{path}: {not_made(grid, item)} Make it: snakemake --cores all {item.identity_file}."
            f"{_nearest(grid, path)}"
        )
    manifest = require_whole(item.identity_file)
    chain = values[2] if kind != "bases" else "none"
    return Stage(
        grid=grid,
        path=item.identity_file,
        manifest=manifest,
        base=base,
        seed=int(manifest.identity["declared"]["seed"]),
        chain=chain,
        target=values[3] if kind == "target" else None,
    )


def choose_head(stage: Stage, head: str | None) -> str:
    """Return the name of the head to export; empty for none.

    Args:
        stage: the stage.
        head: its name, ``none``, or None for the only head, or that of the target.

    Raises:
        UserError: it has no such head, or several and none is named.
    """
    heads = list(read_index(stage.folder))
    if head is None:
        own = stage.target and stage.grid.names.all_targets[stage.target].members[0].task
        wanted = [own] if own in heads else heads
        if len(wanted) > 1:
            raise UserError(
                f"{stage.folder}: has the heads {', '.join(heads)}. Choose one with --head, or "
                "--head none for the encoder alone."
            )
        return str(wanted[0]) if wanted else ""
    if head == "none":
        return ""
    if head not in heads:
        raise unknown("head of this model", head, [*heads, "none"], "--head")
    return head


def _nearest(grid: Grid, path: str) -> str:
    """Return ``" Did you mean ...?"`` with the finished model whose path is most similar."""
    root = Path(grid.paths.root)
    found = {
        file.parent.as_posix()
        for kind in KINDS
        for file in (root / kind).glob("**/manifest.json")
        if kind != "bases" or file.parent.name == "model"
    }
    imported = {Path(grid.paths.base(n)).parent.as_posix()
                for n, base in grid.study.bases.items() if not base.pretrain}  # fmt: skip
    known = sorted(found - imported)
    if not known:
        return f" {root} has no finished model yet."
    text = path.rstrip("/").removesuffix("/manifest.json")
    close = difflib.get_close_matches(text, known, n=1, cutoff=_CLOSE)
    return f" Did you mean {close[0]}?" if close else f" A finished model: {known[0]}."
