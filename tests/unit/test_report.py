"""The report: what the page shows of complete and of partial studies."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from score_files import make_cells

from xstilts.files import write_text
from xstilts.report.build import build_report
from xstilts.results import failures
from xstilts.results.render import Header, write_tables

if TYPE_CHECKING:
    from pathlib import Path

    from score_files import Found, Wanted

HEADER = Header(
    study="demo",
    protocol="recommended",
    baseline="none",
    seeds=(1, 2),
    question="Does NLI <help>?",
    note="Microworld: no evidence about human languages.",
)
GRID: dict[Wanted, Found] = {
    ("none", "xnli", 1): {"en": 60.0, "sw": 40.0},
    ("none", "xnli", 2): {"en": 64.0, "sw": 44.0},
    ("mnli", "xnli", 1): {"en": 70.0, "sw": 50.0},
    ("mnli", "xnli", 2): {"en": 66.0, "sw": 54.0},
    ("squad_v1", "xnli", 1): {"en": 58.0, "sw": 40.0},
    ("squad_v1", "xnli", 2): "out of memory",
}
AUDIT = (
    "task,language,split,field,trained_on,examples,overlapping,first_id\n"
    "xnli,en,test,(all),(all),10,0,\n"
    "xnli,sw,test,text_a,mnli/en/train,10,2,pair-7\n"
)


class Page(HTMLParser):
    """Texts of a page, the shades of its cells, and what it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.shades: dict[str, str] = {}
        self.loads: list[str] = []
        self._style = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._style = (given.get("style") or "") if tag == "td" else ""
        self.loads += [value for key in ("src", "href") if (value := given.get(key))]

    def handle_data(self, data: str) -> None:
        if text := data.strip():
            self.texts.append(text)
            self.shades[text] = self._style


def build(folder: Path, grid: dict[Wanted, Found], audit: str | None = AUDIT) -> Page:
    write_tables(folder / "tables", make_cells(folder, grid), HEADER)
    if audit:
        write_text(folder / "tables/overlap.csv", audit)
    out = folder / "report.html"
    strategies = {name: name for name in ("none", "mnli", "squad_v1")}
    build_report(folder / "tables", folder / "failures", HEADER, strategies, out)
    return Page(out.read_text(encoding="utf-8"))


def test_answer_heat_map_and_coverage(tmp_path: Path) -> None:
    page = build(tmp_path, GRID)
    assert "Does NLI <help>?" in page.texts
    assert (
        "tiny: on average over the targets, mnli gains most, +8.0 points to none "
        "(standard deviation 2.8 between 2 seeds)." in page.texts
    )
    assert any(text.startswith("5 of 6 results") for text in page.texts)
    assert "--up" in page.shades["60.0 ±0.0 (+8.0)"]
    assert "--down" in page.shades["49.0† (-1.0)"]
    assert page.shades["52.0 ±2.8"] == ""
    assert "mnli/en/train" in page.texts
    assert "20.0 %" in page.texts


def test_the_page_loads_nothing(tmp_path: Path) -> None:
    assert all(link.startswith("#") for link in build(tmp_path, GRID).loads)


def test_failures_and_a_study_without_results(tmp_path: Path) -> None:
    with (
        pytest.raises(MemoryError),
        failures.watched(tmp_path / "failures", "target/tiny/x", "logs/x.log"),
    ):
        raise MemoryError("no room")
    page = build(tmp_path, {("none", "xnli", 1): None, ("mnli", "xnli", 1): None}, audit=None)
    assert "MemoryError: no room" in page.texts
    assert "tiny: no strategy can be compared with none yet." in page.texts
    assert "Not audited yet." in page.texts
