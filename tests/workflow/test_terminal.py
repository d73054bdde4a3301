"""Runs in terminals and folders as clusters and old systems have them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from checkout import Checkout

pytestmark = [pytest.mark.workflow, pytest.mark.slow, pytest.mark.full]


def test_a_terminal_without_unicode_and_a_long_folder_for_temporary_files(clean: Checkout) -> None:
    clean.write_study(question="Helps – or not?")
    for product in ("predictions", "tables"):
        shutil.rmtree(clean.results / product)
    # longer than the path of a socket may be
    temporary = clean.folder / "/".join(["a_long_name_of_a_folder"] * 5)
    temporary.mkdir(parents=True)
    surroundings = {"PYTHONIOENCODING": "ascii", "TMPDIR": str(temporary)}
    run = clean.snakemake(environment=surroundings)
    assert run.code == 0, run.output
    assert "Traceback" not in run.output
    assert "Helps ? or not?" in run.output
    shown = (clean.results / "tables/transfer.md").read_text(encoding="utf-8")
    assert "Helps – or not?" in shown
