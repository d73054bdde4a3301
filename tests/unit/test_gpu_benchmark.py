"""The GPU benchmark, rehearsed on the CPU: every part gives figures or says why it has none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from benchmark_modules import benchmark_module

ROOT = Path(__file__).parents[2]
PARTS = ("machine", "training", "prediction", "lora", "resume", "agreement", "estimates")


@pytest.fixture(scope="module")
def table() -> ModuleType:
    """The module of the table, which has the name of many others."""
    return benchmark_module("gpu_parts/table.py")


def measure(*arguments: str) -> str:
    """Run the benchmark and return what it prints."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks/gpu.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_figures_ratios_and_reasons_survive_the_file(table: ModuleType, tmp_path: Path) -> None:
    rows = [
        table.Row(what="tokens/s", value=30_000.0, low=29_999.5, high=31_000.4, against="other",
                  reference=20_000.0, note="a | b\nc"),
        table.Row(what="share", value=0.254, unit="share", against="assumed", reference=0.25),
        table.Row(what="memory", note="out of memory"),
        table.Row(what="differences", value=0),
    ]  # fmt: skip
    report = table.Report(
        small=True,
        seconds=540,
        parts=[
            table.Part(name="training", rows=rows, seconds=3.5, limit=100),
            table.Part(name="lora", state="failed", reason="no time"),
        ],
    )
    report.write(tmp_path / "report.json")
    again = table.Report.read(tmp_path / "report.json")
    assert again == report
    assert list(again.lines()) == list(report.lines())
    assert [line.rstrip() for line in report.lines()][3:] == [
        "| training | tokens/s | 30,000 (30,000 - 31,000) | other 20,000 | 1.50 | a / b c |",
        "| training | share | 25.4% | assumed 25.0% | 1.02 |  |",
        "| training | memory |  |  |  | out of memory |",
        "| training | differences | 0 |  |  |  |",
        "| lora | failed |  |  |  | no time |",
    ]


def test_parts_divide_the_time_that_is_left(table: ModuleType) -> None:
    weights = {"first": 3.0, "second": 1.0}
    assert table.limits(weights, 100) == {"first": 75, "second": 25}
    # what the first leaves is the second's
    assert table.limits({"second": 1.0}, 90) == {"second": 90}


@pytest.mark.slow
def test_a_part_that_is_late_says_so_and_the_run_ends(table: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    printed = measure("--parts", "lora", "--seconds", "5.5", "--json", str(file), "--small")
    report = table.Report.read(file)
    assert printed == "".join(report.lines())
    states = {part.name: (part.state, part.reason) for part in report.parts}
    assert states == {
        **dict.fromkeys(PARTS, ("skipped", "not among --parts")),
        **dict.fromkeys(("machine", "lora"), ("failed", "no answer within the time limit")),
    }


@pytest.mark.full
@pytest.mark.slow
@pytest.mark.skipif(torch.accelerator.is_available(), reason="the rehearsal is on a CPU")
def test_the_rehearsal_measures_every_part(table: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    # a busy machine needs more than the default
    printed = measure("--json", str(file), "--seconds", "3000")
    report = table.Report.read(file)
    assert report.small
    assert printed == "".join(report.lines())
    assert [part.name for part in report.parts] == list(PARTS)
    rows: dict[tuple[str, str], Any] = {}
    for part in report.parts:
        assert part.state == "done", part.reason
        assert part.rows
        for row in part.rows:
            assert row.value is not None or row.note, (part.name, row)
            rows[part.name, row.what] = row
    # no quantisation, no data sheet, and perhaps no bf16 of a CPU
    missing = {(part, what) for (part, what), row in rows.items() if row.value is None}
    assert all(part in ("machine", "lora") or "calibration" in what for part, what in missing), (
        missing
    )
    for part in ("training", "prediction"):
        compared = [row for (name, _), row in rows.items() if name == part]
        assert len(compared) == 6
        assert all(row.against == "trainer-best" and row.ratio for row in compared)
    killed = rows["resume", "weights that differ: killed and resumed, deterministic kernels"]
    assert killed.value == 0
    assert killed.note == "equal bits; killed in step 7, resumed from step 6 of 12"
    for workload in ("classification", "span"):
        assert 0.5 < rows["agreement", f"equal predictions, {workload}"].value <= 1
        assert rows["agreement", f"largest difference of logits, {workload}"].value > 0
