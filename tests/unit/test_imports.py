"""Nothing imports in a circle: no module, no folder, not even for types."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE = "xstilts"
ROOT = Path(__file__).parents[2] / "workflow_scripts"
Graph = dict[str, set[str]]


def name_of(path: Path, root: Path) -> str:
    """The module in a file: ``package.module``, or the package for its ``__init__``."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(tree: ast.AST, modules: Mapping[str, Path]) -> Iterator[str]:
    """Return the modules that a module imports, anywhere and by any means."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            for alias in node.names:
                member = f"{node.module}.{alias.name}"
                found = member if member in modules else node.module
                if found in modules:
                    yield str(found)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            named = (getattr(argument, "value", None) for argument in node.args)
            yield from (name for name in named if name in modules)


def import_graph(root: Path) -> Graph:
    """Each module of the package with those that it imports."""
    modules = {name_of(path, root): path for path in (root / PACKAGE).rglob("*.py")}
    return {
        name: set(imported(ast.parse(path.read_text(encoding="utf-8")), modules)) - {name}
        for name, path in modules.items()
    }


def folders(graph: Graph) -> Graph:
    """Return the same for folders; a top-level module counts as itself."""
    heads = {name: ".".join(name.split(".")[:2]) for name in graph}
    found: Graph = {head: set() for head in heads.values()}
    for name, targets in graph.items():
        found[heads[name]] |= {heads[target] for target in targets} - {heads[name]}
    # version and name, for all
    return {head: targets - {PACKAGE} for head, targets in found.items()}


def circle(graph: Graph) -> list[str]:
    """The nodes of some circle, each imported by the one before it; empty if there is none."""
    done: set[str] = set()

    def follow(node: str, path: list[str]) -> list[str]:
        if node in path:
            return path[path.index(node) :]
        if node in done:
            return []
        for target in sorted(graph[node]):
            if found := follow(target, [*path, node]):
                return found
        done.add(node)
        return []

    return next(filter(None, (follow(node, []) for node in sorted(graph))), [])


@pytest.fixture(scope="module")
def graph() -> Graph:
    return import_graph(ROOT)


def test_no_modules_import_each_other(graph: Graph) -> None:
    assert len(graph) > 100
    assert circle(graph) == []


def test_no_folders_import_each_other(graph: Graph) -> None:
    found = folders(graph)
    assert f"{PACKAGE}.tokens" in found[f"{PACKAGE}.training"]
    assert circle(found) == []


def test_a_circle_is_found_however_it_is_closed(tmp_path: Path) -> None:
    package = tmp_path / PACKAGE
    for folder in (package, package / "a", package / "b"):
        folder.mkdir()
        (folder / "__init__.py").touch()
    (package / "a/one.py").write_text(f"from {PACKAGE}.b import two\n")
    (package / "b/two.py").touch()
    (package / "b/three.py").touch()
    assert circle(import_graph(tmp_path)) == circle(folders(import_graph(tmp_path))) == []
    (package / "b/three.py").write_text(f"def later():\n    import {PACKAGE}.a.one\n")
    assert circle(import_graph(tmp_path)) == []
    assert circle(folders(import_graph(tmp_path))) == [f"{PACKAGE}.a", f"{PACKAGE}.b"]
    types = f"if TYPE_CHECKING:\n    from {PACKAGE}.a.one import One\n"
    for closing in (types, f'importlib.import_module("{PACKAGE}.a.one")\n'):
        (package / "b/two.py").write_text(closing)
        assert circle(import_graph(tmp_path)) == [f"{PACKAGE}.a.one", f"{PACKAGE}.b.two"]
