"""``xstilts verify``: read all products of a study and compare them with their checksums."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from xstilts.errors import UserError
from xstilts.files import read_json
from xstilts.manifest import KEPT, problems, read_manifest, read_values
from xstilts.schema_metadata import CHECKSUM, WITH_CHECKSUM, require_undamaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")

WITH_MANIFEST = ("data", "tokens", "bases", "intermediate", "target", "submission")
"""Folders of products with a manifest: ``manifest.json``, or one JSON file per data set."""
_ONE_PER_DATA_SET = ("data", "tokens")
_OTHER = {"checked.json", KEPT}
UNCHECKED = "not checked: made before checksums were stored"
SHOWN = 3
"""Number of unchecked products that are listed by name."""


@dataclass
class Verification:
    """Result of reading products."""

    files: int = 0
    """Number of files read."""
    bytes: int = 0
    damaged: list[str] = field(default_factory=list)
    """A line per file that is missing, truncated or damaged."""
    delete: list[str] = field(default_factory=list)
    """Files to delete, so that the workflow makes what is damaged again."""
    unchecked: list[str] = field(default_factory=list)
    """Products without checksums, or with files without one."""

    def count(self, files: Iterable[Path]) -> None:
        """Count files as read."""
        for file in files:
            if file.is_file():
                self.files += 1
                self.bytes += file.stat().st_size

    def add(self, file: Path, problem: str, delete: Path) -> None:
        """Note a problem and the file whose absence makes the product again."""
        self.damaged.append(f"{file}: {problem.removeprefix(f'{file}: ')}")
        if str(delete) not in self.delete:
            self.delete.append(str(delete))

    def read(self, file: Path, call: Callable[[Path], T], delete: Path) -> T | None:
        """Return ``call(file)``; note its error, without what to do, and return None."""
        self.count([file])
        try:
            return call(file)
        except UserError as error:
            self.add(file, str(error).partition(". ")[0], delete)
        except OSError as error:
            self.add(file, error.strerror or str(error), delete)
        return None


def verify(root: Path, paths: Iterable[str]) -> Verification:
    """Read the products of a study.

    Args:
        root: ``results/STUDY``.
        paths: products, or folders of products, below it; empty for all.

    Raises:
        UserError: nothing is made yet at one of the paths.
    """
    products = list(_products(root))
    wanted = list(paths)
    chosen: dict[Path, None] = {} if wanted else dict.fromkeys(products)
    for path in wanted:
        found = [product for product in products if _is_at(product, root, path)]
        if not found:
            raise UserError(
                f"{path}: no product of {root} is here. Give a file or folder below it."
            )
        chosen |= dict.fromkeys(found)
    result = Verification()
    for product in chosen:
        if product.suffix == ".parquet":
            _verify_parquet(product, result)
        elif product.parent.relative_to(root).parts[0] == "predictions":
            _verify_languages(product, result)
        else:
            _verify_manifest(product, result)
    return result


def _products(root: Path) -> Iterator[Path]:
    """Yield the identity file of each product on disk, and the manifests of predictions."""
    for kind in WITH_MANIFEST:
        pattern = "*.json" if kind in _ONE_PER_DATA_SET else "manifest.json"
        yield from (f for f in sorted((root / kind).rglob(pattern)) if f.name not in _OTHER)
    for kind in WITH_CHECKSUM:
        yield from sorted((root / kind).rglob("*.parquet"))
    yield from sorted((root / "predictions").rglob("manifest.json"))


def _is_at(product: Path, root: Path, path: str) -> bool:
    """Return True if a path names a product, one of its files, or a folder that contains it."""
    text = path.rstrip("/").removeprefix(f"{root.as_posix()}/")
    name = product.relative_to(root)
    own = name.parent if name.name == "manifest.json" else name.with_suffix("")
    folder = own.as_posix()
    return (
        f"{folder}/".startswith(f"{text}/")
        or f"{text}/".startswith(f"{folder}/")
        or any(
            text == name.with_suffix(suffix).as_posix()
            for suffix in (".json", ".parquet", ".arrow")
        )
    )


def _verify_manifest(path: Path, result: Verification) -> None:
    if (manifest := result.read(path, read_manifest, path)) is None:
        return
    for name, problem in problems(path, manifest):
        result.add(path.with_name(name), problem, path)
    result.count(path.with_name(name) for name in manifest.files)
    if any("sha256" not in item for item in manifest.files.values()):
        result.unchecked.append(str(path))
    kept = path.with_name(KEPT)
    if path.name == "manifest.json" and kept.is_file():
        result.read(kept, read_values, kept)


def _verify_parquet(path: Path, result: Verification) -> None:
    metadata = result.read(path, require_undamaged, path)
    if metadata is not None and CHECKSUM not in metadata:
        result.unchecked.append(str(path))


def _verify_languages(path: Path, result: Verification) -> None:
    """Verify that all languages of a cell's predictions exist."""
    result.count([path])
    try:
        languages = dict(read_json(path))
    except (UserError, ValueError, TypeError):
        result.add(path, "damaged", path)
        return
    for language in languages:
        if not (file := path.with_name(f"{language}.parquet")).is_file():
            result.add(file, "missing", path)


def report(result: Verification, configfiles: Iterable[str]) -> Iterator[str]:
    """Yield the lines to print: damaged files and how to make them again, and what was read.

    Args:
        result: of :func:`verify`.
        configfiles: the study's files, for the command to run.
    """
    yield from result.damaged
    yield from (f"{path}: {UNCHECKED}" for path in result.unchecked[:SHOWN])
    if (more := len(result.unchecked) - SHOWN) > 0:
        yield f"{more} more products: {UNCHECKED}"
    read = f"{result.files} files with {result.bytes:,} bytes read"
    if not result.damaged:
        yield f"{read}; all{' others' if result.unchecked else ''} are as they were made."
        return
    files = list(configfiles)
    options = "" if files == ["config.yaml"] else f" --configfile {shlex.join(files)}"
    yield f"{read}; {len(result.damaged)} are damaged or missing."
    yield "Restore these from a copy, or make them again:"
    yield f"  rm {shlex.join(result.delete)}"
    yield f"  snakemake{options}"
