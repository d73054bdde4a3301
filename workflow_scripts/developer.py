"""The parts that the developers' commands share; the workflow never runs them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.files import write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parents[1]


def replace_between(page: Path, begin: str, end: str, text: str) -> None:
    """Replace the text between two marks of a page.

    Raises:
        UserError: the page has not each of them once, in this order.
    """
    before, *rest = page.read_text(encoding="utf-8").split(begin)
    _, *after = rest[0].split(end) if len(rest) == 1 else ("",)
    if len(after) != 1:
        raise UserError(f"{page}: needs the lines {begin!r} and {end!r}, once each, in this order.")
    write_text(page, f"{before}{begin}\n\n{text}\n\n{end}{after[0]}")


def main(
    about: str | None, command: Callable[[Path], object], arguments: Sequence[str] | None = None
) -> int:
    """Call a command with the results that the command line names, and print what it returns.

    Returns:
        The exit status: 2 after a UserError, which is printed.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("results", type=Path, help="results/STUDY of a run")
    try:
        sys.stdout.write(f"{command(parser.parse_args(arguments).results)}\n")
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0
