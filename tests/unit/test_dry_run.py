"""The summary of a dry run: what is made and why, hours and disk, in at most 58 short lines."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from test_config import STUDY, grid_of

from xstilts.dry_run.jobs import Cause, DryJob
from xstilts.dry_run.summary import MOST_LINES, summary
from xstilts.dry_run.text import WIDTH, columns, first, some
from xstilts.dry_run.view import View
from xstilts.files import write_json
from xstilts.grid.products import find_product
from xstilts.manifest import write_manifest
from xstilts.paths import product
from xstilts.results.failures import record

if TYPE_CHECKING:
    from xstilts.grid import Grid


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def job(file: str, *causes: Cause) -> DryJob:
    return DryJob(product=product(file), outputs=(file,), causes=frozenset(causes))


def models(grid: Grid, *causes: Cause) -> list[DryJob]:
    files = dict.fromkeys((*grid.intermediate_models(), *grid.target_models()))
    return [job(file, *causes) for file in [*files, *grid.scores()]]


def words(lines: list[str]) -> list[list[str]]:
    return [line.split() for line in lines]


def test_new_products_are_counted_by_kind_stage_strategy_and_target(tmp_path: Path):
    grid = grid_of(tmp_path)
    found = words(summary(grid, models(grid), ["data/mnli/qaa/train", "tables/transfer"]))
    assert ["data", "sets", "-", "-", "1"] in found
    assert ["intermediate", "stages", "3", "-", "-"] in found
    assert ["mini", "pretraining", "1", "all"] in found
    assert ["mini", "squad_v1~mnli", "1", "both"] in found
    assert ["mini", "both", "1", "0", "2"] in found
    assert ["xnli", "3", "0", "3", "3:", "qaa,", "qab,", "qac"] in found
    assert not any(line[:3] == ["Why", "some", "are"] for line in found)


def test_the_changed_keys_of_an_identity_are_the_reason(tmp_path: Path):
    grid = grid_of(tmp_path)
    file = grid.paths.intermediate("mini", 1, ("mnli",))
    declared = dict(find_product(grid, file).declared)
    declared["recipe"] = {**declared["recipe"], "learning_rate": 0.5}
    declared["code"] = {**declared["code"], "xstilts.training.loop": "old"}
    write_manifest(Path(file), {"declared": declared, "inputs": {}}, files={}, facts={})
    later = grid.paths.intermediate("mini", 1, ("squad_v1",))
    write_manifest(Path(later), {"declared": {}, "inputs": {}}, files={}, facts={})
    lines = summary(grid, [job(file, "changed", "input"), job(later, "input")], [])
    rate = find_product(grid, file).declared["recipe"]["learning_rate"]
    assert f"  recipe.learning_rate: 0.5 -> {rate}" in lines
    assert "  code: training.loop" in lines
    after = lines.index("  an input is made in this run")
    assert lines[after + 1] == "    1 intermediate stages, intermediate/mini/seed-1/squad_v1"


def test_what_is_wrong_comes_first(tmp_path: Path):
    grid = grid_of(tmp_path)
    file = grid.paths.intermediate("mini", 1, ("mnli",))
    write_json(Path(file), "damaged")
    failures = Path(grid.paths.failures)
    record(failures, product(grid.paths.base("mini")), MemoryError("full"), "log", "failed")
    lines = summary(grid, [job(file, "changed"), job(grid.paths.base("mini"))], [])
    assert lines[0] == "Wrong or missing"
    assert any(line.startswith("  did not finish: bases/mini/model: MemoryError") for line in lines)
    assert lines.index("tiny: 2 jobs to run") > 2
    assert f"  {file}: " in "\n".join(lines[:4])


def test_a_large_study_stays_below_sixty_lines(tmp_path: Path):
    strategies = "\n".join(f"  s{n}: [mnli, squad_v1@qa{'abc'[n % 3]}]" for n in range(15))
    targets = "\n".join(f"  x{n}: {{task: xnli}}" for n in range(15))
    text = STUDY.replace("  mnli: [mnli]", strategies) + targets
    bases = "\n".join(f"  m{n}: {{pretrain: {{vocab_size: 500}}}}" for n in range(9))
    grid = grid_of(tmp_path, text.replace("strategies:", f"{bases}\nstrategies:"))
    lines = summary(grid, models(grid), [])
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= WIDTH
    assert "".join(lines).isascii()
    assert sum(" more" in line for line in lines) >= 3


def test_lists_and_tables_say_how_much_they_leave_out():
    assert some(["a", "b", "c"], 7) == "a, b, c"
    assert some(["aaaa", "bbbb", "cccccc"], 15) == "aaaa and 2 more"
    assert list(first(map(str, range(5)), 3)) == ["0", "1", "  and 3 more"]
    assert columns([("x", "n"), ("long", "7"), ("y", "12")]) == [
        "  x      n",
        "  long   7",
        "  y     12",
    ]


def event(name: str, text: str, level: int = logging.INFO) -> logging.LogRecord:
    made = logging.LogRecord("snakemake", level, __file__, 1, text, None, None)
    made.__dict__["event"] = name
    return made


def test_snakemakes_lines_are_replaced_only_while_a_dry_run_is_on():
    stream = io.StringIO()
    view = View(lambda: ["one", "two"], stream)
    assert view.is_shown(event("", "digraph"))
    assert not view.is_shown(event("workflow_started", "x"))
    assert not view.is_shown(event("", "Building DAG of jobs..."))
    assert view.is_shown(event("", "a lock", logging.WARNING))
    assert view.is_shown(event("", "Nothing to be done (all requested files are present)."))
    for _ in range(2):
        view.emit(event("run_info", "Job stats"))
    assert stream.getvalue() == "one\ntwo\n"
