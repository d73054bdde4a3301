"""The fingerprint of the numeric code that a stage really uses.

Each module counts by its syntax tree, without comments, docstrings and formatting, so that only a
change of meaning makes a stage run again. The modules are those that the stage's entry modules
import, directly or through others, inside this package.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PACKAGE = "xstilts"
_ROOT = Path(__file__).parent

NON_NUMERIC = frozenset(
    {
        # Messages, file handling and bookkeeping: they cannot change a number.
        "xstilts",
        "xstilts.errors",
        "xstilts.progress",
        "xstilts.tracking",
        "xstilts.files",
        "xstilts.identity",
        "xstilts.kinds",
        "xstilts.manifest",
        "xstilts.paths",
        "xstilts.record",
        "xstilts.results.failures",
        "xstilts.training.history",
        "xstilts.training.running",
        "xstilts.training.signals",
        "xstilts.training.state",
        "xstilts.versions",
        "xstilts.tasks.base",
        "xstilts.tasks.registry",
    }
)


def _path_of(module: str) -> Path | None:
    """The source file of a module of this package; None if there is none."""
    stem = _ROOT.joinpath(*module.split(".")[1:])
    for candidate in (stem.with_suffix(".py"), stem / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _imports(tree: ast.AST) -> Iterator[str]:
    """Names that may be modules of this package, wherever in the module they are imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _without_asides(tree: ast.AST) -> ast.AST:
    """The tree without docstrings and without what only type checkers read."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [item for item in body if not _aside(item)]  # type: ignore[attr-defined]
    return tree


def _aside(item: ast.AST) -> bool:
    if isinstance(item, ast.If):
        return isinstance(item.test, ast.Name) and item.test.id == "TYPE_CHECKING"
    # also the string under a dataclass field: documentation, not code
    return (
        isinstance(item, ast.Expr)
        and isinstance(item.value, ast.Constant)
        and isinstance(item.value.value, str)
    )


@functools.cache
def _read(path: Path) -> tuple[str, tuple[str, ...]]:
    """Hash of the normalised source, and the imported names."""
    tree = _without_asides(ast.parse(path.read_text(encoding="utf-8"), filename=str(path)))
    names = tuple(n for n in _imports(tree) if n.split(".")[0] == PACKAGE)
    normalised = ast.dump(tree, annotate_fields=False)
    return hashlib.sha256(normalised.encode()).hexdigest()[:12], names


def fingerprint(entries: Sequence[str]) -> dict[str, str]:
    """Module name to hash, for the entry modules and all they import inside this package.

    Args:
        entries: full module names, such as ``xstilts.training.loop``.

    Raises:
        ModuleNotFoundError: an entry module does not exist.
    """
    hashes: dict[str, str] = {}
    queue = list(entries)
    for entry in entries:
        if _path_of(entry) is None:
            raise ModuleNotFoundError(f"no module {entry} in {_ROOT}")
    while queue:
        module = queue.pop()
        path = _path_of(module)
        if module in hashes or module in NON_NUMERIC or path is None:
            continue
        value, imported = _read(path)
        hashes[module] = value
        queue.extend(imported)
        # a module's packages run on import too
        queue.append(module.rpartition(".")[0])
    return dict(sorted(hashes.items()))
