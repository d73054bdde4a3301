"""Snakemake's own report contains the page, the figures and the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from checkout import Checkout

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


def test_snakemakes_report_has_page_figures_and_tables(done: Checkout):
    figures = {path.name for path in (done.results / "figures").iterdir()}
    assert {"transfer.svg", "transfer.png", "cost.svg"} <= figures
    run = done.snakemake("--report", "report.zip")
    assert run.code == 0, run.output
    for name in ("report.html", "transfer.svg", "transfer.csv", "languages.csv"):
        assert f"Adding {name}" in run.output
    assert (done.folder / "report.zip").stat().st_size > 100_000
