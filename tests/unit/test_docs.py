"""The documentation's links lead somewhere, and its map of the code is that of the code."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "benchmarks/README.md",
    ]
)


def prose(page: Path) -> str:
    """The text of a page without its code blocks."""
    text = page.read_text(encoding="utf-8")
    return re.sub(r"^```[\s\S]*?^```|(?<=\n\n)(?:    .*\n)+", "", text, flags=re.MULTILINE)


@functools.cache
def anchors(page: Path) -> frozenset[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    plain = (re.sub(r"\[(.+?)\]\(.+?\)|`", r"\1", heading).lower() for heading in headings)
    return frozenset(re.sub(r"[^\w\- ]", "", one).replace(" ", "-") for one in plain)


def broken_links(page: Path) -> list[str]:
    """Relative links of a page without a target."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_and_anchor_leads_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_a_wrong_file_and_a_wrong_anchor_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# First\n\n[a](page.md#first) [b](page.md#second) [c](#first-one) [d](gone.md)\n\n"
        "[e](https://example.org/gone) [f](.)\n\n## `first`: one\n\n    [g](code.md)\n",
        encoding="utf-8",
    )
    assert broken_links(page) == ["page.md#second", "gone.md"]


def test_the_architecture_page_lists_the_packages_and_modules_that_exist() -> None:
    table = (ROOT / "docs/architecture.md").read_text(encoding="utf-8").partition("## Folders")[2]
    first = " ".join(re.findall(r"^\| (`.+?) \|", table, re.MULTILINE))
    library = ROOT / "workflow_scripts/xstilts"
    listed = re.findall(r"`(?:…|workflow_scripts/xstilts)/(\w+/|\w+\.py)`", first)
    assert [name for name in listed if not (library / name).exists()] == []
    packages = {f"{path.parent.name}/" for path in library.glob("*/__init__.py")}
    modules = {path.name for path in library.glob("*.py") if not path.name.startswith("__")}
    assert (packages | modules) - set(listed) == set()
    # modules in a folder are named without it
    inside = re.findall(r"`((?:\w+/)?\w+\.(?:py|smk))`", table)
    folders = [ROOT / name for name in ("rules", "workflow_scripts", "tests")]
    exist = {path.name for folder in folders for path in folder.rglob("*.*")}
    assert [name for name in inside if name.rpartition("/")[2] not in exist] == []
