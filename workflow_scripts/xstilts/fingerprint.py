"""The fingerprint of the numeric code that a product uses.

Modules are hashed by their syntax tree, without comments, docstrings and formatting, so that only
changes of the program make a stage run again. The modules are those of the product's features
(``xstilts.features``), and all that these import from this package. An import inside a function
is followed only if the product uses the feature that the imported module belongs to.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.features import FEATURES, OPTIONAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PACKAGE = "xstilts"
_ROOT = Path(__file__).parent

NON_NUMERIC: Mapping[str, str] = {
    "xstilts": "the version",
    "xstilts.data.row_counts": "compares numbers of examples with those that tasks state",
    "xstilts.device": "selects the device; another device is no reason to train again",
    "xstilts.errors": "messages",
    "xstilts.features": "names of modules; those that are used are in the fingerprint",
    "xstilts.fingerprint": "selects and hashes modules",
    "xstilts.files": "writes files atomically, reads JSON, computes checksums",
    "xstilts.malloc": "settings of memory allocation and garbage collection",
    "xstilts.identity": "compares identities",
    "xstilts.jobs.download": "fetches files, whose checksums are part of an identity",
    "xstilts.manifest": "says whether a product is complete",
    "xstilts.paths": "names of files",
    "xstilts.progress": "progress messages of jobs",
    "xstilts.schema_metadata": "metadata of Parquet and Arrow files",
    "xstilts.readers.declared": "selects the reader of a declared task, which is in the identity",
    "xstilts.results.failures": "why jobs failed",
    "xstilts.tasks.base": "fields of a task; their values are in the identity",
    "xstilts.tasks.registry": "finds the tasks; those that are used are in the identity",
    "xstilts.tracking": "curves for TensorBoard and Weights & Biases",
    "xstilts.training.history": "records losses and times",
    "xstilts.training.runtime": "settings of speed and memory, and the report of a stage",
    "xstilts.training.signals": "stops at a signal, between two steps",
    "xstilts.training.state": "saves and loads a training state exactly",
    "xstilts.versions": "versions of libraries",
}
"""Modules that cannot change a result, with what they do; fingerprints leave them out."""


@functools.cache
def _path_of(module: str) -> Path | None:
    """Return the source file of a module of this package; None if it does not exist."""
    stem = _ROOT.joinpath(*module.split(".")[1:])
    for candidate in (stem.with_suffix(".py"), stem / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _imports(node: Any, *, inside: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield names that may be modules of this package, and whether a function imports them."""
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    yield from ((name, inside) for name in names if name.split(".")[0] == PACKAGE)
    inside = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    # imports are statements: expressions need not be searched
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        for child in getattr(node, part, ()):
            yield from _imports(child, inside=inside)


def _without_documentation(tree: ast.AST) -> ast.AST:
    """Remove docstrings, and blocks that only type checkers read, from a syntax tree."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [item for item in body if not _is_documentation(item)]  # type: ignore[attr-defined]
    return tree


def _is_documentation(item: ast.AST) -> bool:
    if isinstance(item, ast.If):
        return isinstance(item.test, ast.Name) and item.test.id == "TYPE_CHECKING"
    # also the string under a dataclass field: documentation, not code
    return (
        isinstance(item, ast.Expr)
        and isinstance(item.value, ast.Constant)
        and isinstance(item.value.value, str)
    )


@functools.cache
def _read(path: Path) -> tuple[str, tuple[tuple[str, bool], ...]]:
    """Return the hash of the normalised source, and the imports (:func:`_imports`)."""
    tree = _without_documentation(ast.parse(path.read_text(encoding="utf-8"), filename=str(path)))
    normalised = ast.dump(tree, annotate_fields=False)
    return hashlib.sha256(normalised.encode()).hexdigest()[:12], tuple(_imports(tree))


def fingerprint(names: Iterable[str]) -> dict[str, str]:
    """Return module name to hash, for all code of this package that some features use.

    Args:
        names: features (``xstilts.features``), or full names of additional modules, such as
            ``xstilts.readers.tsv``.

    Raises:
        ModuleNotFoundError: a module does not exist.
        LookupError: a name is not a feature; or a function imports a module that is of none of
            the features, nor of those that are optional with them.
    """
    names = list(names)
    if wrong := [name for name in names if "." not in name and name not in FEATURES]:
        raise LookupError(f"{wrong[0]!r} is not a feature: xstilts.features has {sorted(FEATURES)}")
    entries = [module for name in names for module in FEATURES.get(name, (name,))]
    for entry in entries:
        if _path_of(entry) is None:
            raise ModuleNotFoundError(f"no module {entry} in {_ROOT}")
    optional = {option for name in names for option in (name, *OPTIONAL.get(name, ()))}
    known = {module for name in optional for module in FEATURES.get(name, (name,))}
    return dict(_followed(tuple(entries), frozenset(known)))


@functools.cache
def _followed(entries: tuple[str, ...], known: frozenset[str]) -> dict[str, str]:
    """Return module name to hash, for modules and all that they import; cached.

    Args:
        entries: the modules to begin with.
        known: modules that functions of these may import: the products that use them name them.
    """
    hashes: dict[str, str] = {}
    queue = list(entries)
    while queue:
        module = queue.pop()
        path = _path_of(module)
        if module in hashes or module in NON_NUMERIC or path is None:
            continue
        value, imports = _read(path)
        hashes[module] = value
        queue.extend(name for name, inside in imports if not inside)
        _require_known(module, (name for name, inside in imports if inside), known)
        # importing a module runs its packages too
        queue.append(module.rpartition(".")[0])
    return dict(sorted(hashes.items()))


def _require_known(module: str, imported: Iterable[str], known: frozenset[str]) -> None:
    """Raise a LookupError unless each module that a function imports is one of ``known``."""
    for name in imported:
        path = None if name in NON_NUMERIC or name in known else _path_of(name)
        if path is not None and path.name != "__init__.py":
            raise LookupError(
                f"{module} imports {name} inside a function, but {name} is of no feature that this "
                "product has or may have, so a change of it would go unnoticed. Add it to FEATURES "
                "or OPTIONAL in xstilts/features.py, or import it at the top of the module."
            )
