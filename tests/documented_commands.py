"""The commands that the documentation prints."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAMS = ("snakemake", "xstilts", "make", "python", "git", "tensorboard")
"""First words of command lines."""
_BLOCK = re.compile(r"^```[ ]*\n([\s\S]*?)^```|(?<=\n\n)((?:    .*\n|\n(?=    ))+)", re.MULTILINE)
_INLINE = re.compile(r"`((?:snakemake|xstilts|make) [^`]+)`")


@dataclass(frozen=True, order=True)
class Command:
    """A command with the place where it is printed."""

    words: tuple[str, ...]
    where: str
    in_block: bool = True
    """False in prose, where a command may be named without its arguments."""

    @property
    def text(self) -> str:
        """The command in one line, without its comment."""
        return shlex.join(self.words)


def pages() -> list[Path]:
    """All pages, and all study and profile files, whose comments show commands.

    The changelog names commands of earlier versions.
    """
    current = [page for page in ROOT.glob("*.md") if page.name != "CHANGELOG.md"]
    found = [*current, *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks/README.md"]
    comments = [ROOT / "config.yaml", *ROOT.glob("studies/*.yaml"), *ROOT.glob("profiles/*/*")]
    return sorted(found) + sorted(comments)


def commands() -> list[Command]:
    """All commands of all pages."""
    found = []
    for page in pages():
        text, where = page.read_text(encoding="utf-8"), str(page.relative_to(ROOT))
        for line in lines_of(text, page.suffix):
            found += [Command(words, where) for words in split(line)]
        if page.suffix == ".md":
            for line in _INLINE.findall(_BLOCK.sub("", text)):
                found += [Command(words, where, False) for words in split(" ".join(line.split()))]
    return sorted(set(found))


def lines_of(text: str, suffix: str) -> list[str]:
    """The command lines in the blocks of a page, or in the comments of a study file."""
    if suffix != ".md":
        found = re.findall(r"^#.*?((?:snakemake|xstilts) .*)$", text, re.MULTILINE)
        return [line for line in found if re.match(r"\w+ -|xstilts \w+", line)]
    found = []
    for block in _BLOCK.finditer(text):
        lines = re.sub(r"\\\n\s*", "", block[1] or block[2]).splitlines()
        found += [line.strip() for line in lines if line.split()[:1] and is_command(line)]
    return found


def is_command(line: str) -> bool:
    """True if a line of a block starts with a program."""
    return line.split()[0] in PROGRAMS


def split(line: str) -> list[tuple[str, ...]]:
    """The words of each command in a line, without its comment."""
    words = shlex.split(line, comments=True)
    parts: list[list[str]] = [[]]
    for word in words:
        if word == "&&":
            parts.append([])
        else:
            parts[-1].append(word)
    return [tuple(part) for part in parts]
