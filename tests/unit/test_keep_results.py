"""Tables of a run that are kept in the repository, with the seeds that are done."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from keep_results import keep
from xstilts.errors import UserError
from xstilts.files import write_text


def cells(*rows: tuple[str, str, int]) -> pd.DataFrame:
    names = ["strategy", "target", "seed"]
    return pd.DataFrame(rows, columns=names).assign(model="e5", headline=True)


def run(folder: Path, results: pd.DataFrame) -> Path:
    tables = folder / "tables"
    write_text(tables / "transfer.md", "# demo: transfer\n")
    write_text(tables / "e5/effects.md", "# demo: effects\n")
    write_text(tables / "overlap.csv", "a\n")
    results.to_parquet(tables / "results.parquet")
    rows = [(s, t, "") for s in ("none", "sick") for t in ("xnli", "nusax", "average")]
    rows += [("ccg", "xnli", "left out: CCGbank is licensed")]
    transfer = pd.DataFrame(rows, columns=["strategy", "target", "reason"])
    transfer.assign(model="e5", expected_seeds=3).to_parquet(tables / "transfer.parquet")
    return folder


def test_seeds_that_are_done(tmp_path: Path) -> None:
    first = [(s, t, 1) for s in ("none", "sick") for t in ("xnli", "nusax")]
    # one row per language: a cell counts once
    results = run(tmp_path / "results/demo", cells(*first, *first, ("none", "xnli", 2)))
    out = tmp_path / "docs/results/demo"
    write_text(out / "old.md", "of an earlier run")
    page = keep(results, out).read_text(encoding="utf-8")
    assert "5 of 12 cells are scored. Complete seeds: 1 (of 3)." in page
    assert "Unfinished: seed 2: 1 of 4." in page
    assert "- [transfer.md](transfer.md)" in page
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*")) == [
        "README.md", "e5/effects.md", "results.parquet", "transfer.md", "transfer.parquet",
    ]  # fmt: skip


def test_a_run_without_tables_is_told_how_to_build_them(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"transfer\.md|results\.parquet: does not exist.*tables"):
        keep(tmp_path / "results/demo", tmp_path / "docs")
    assert not (tmp_path / "docs").exists()
