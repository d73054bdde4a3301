"""Snakemake's benchmark files: order of runs, truncated lines and missing values."""

from __future__ import annotations

from pathlib import Path

from xstilts.benchmark_files import read_benchmark, run_seconds


def test_runs_are_in_order_without_truncated_or_missing_values(tmp_path: Path) -> None:
    file = tmp_path / "job.jsonl"
    lines = ['{"s": 4.5, "max_rss": 80.0}', '{"s": "NA"}', "", '{"s": 2, "max_rss": "NA"}']
    file.write_text("\n".join([*lines, '{"s": 9']))
    assert [run.get("max_rss") for run in read_benchmark(file)] == [80.0, None, "NA"]
    assert run_seconds(file) == [4.5, 2.0]
    assert read_benchmark(tmp_path / "none.jsonl") == run_seconds(tmp_path / "none.jsonl") == []
