"""Tables of a run that are kept in the repository, with the seeds that are done."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from developer import main
from keep_results import keep, progress
from xstilts.errors import UserError
from xstilts.files import write_text

Row = tuple[str, str, int]
FIRST = [(s, t, 1) for s in ("none", "sick") for t in ("xnli", "nusax")]


def cells(*rows: Row, model: str = "e5", headline: bool = True) -> pd.DataFrame:
    names = ["strategy", "target", "seed"]
    return pd.DataFrame(rows, columns=names).assign(model=model, headline=headline)


def transfer(*models: str) -> pd.DataFrame:
    rows = [(s, t, "") for s in ("none", "sick") for t in ("xnli", "nusax", "average")]
    rows += [("ccg", "xnli", "left out: CCGbank is licensed")]
    table = pd.DataFrame(rows, columns=["strategy", "target", "reason"]).assign(expected_seeds=3)
    return pd.concat([table.assign(model=model) for model in models])


def run(folder: Path, results: pd.DataFrame) -> Path:
    tables = folder / "tables"
    write_text(tables / "transfer.md", "# demo: transfer\n")
    write_text(tables / "e5/effects.md", "# demo: effects\n")
    write_text(tables / "overlap.csv", "a\n")
    results.to_parquet(tables / "results.parquet")
    transfer("e5").to_parquet(tables / "transfer.parquet")
    return folder


def test_tables_are_copied_and_the_page_lists_them(tmp_path: Path) -> None:
    results = run(tmp_path / "results/demo", cells(*FIRST))
    write_text(tmp_path / "docs/demo/old.md", "of an earlier run")
    write_text(tmp_path / "docs/other/transfer.md", "of another study")
    # the second time, the page of the first is replaced and not listed
    assert keep(results, tmp_path / "docs") == keep(results, tmp_path / "docs")
    out = tmp_path / "docs/demo"
    kept = {path.relative_to(out).as_posix(): path for path in out.rglob("*.*")}
    page = kept.pop("README.md").read_text(encoding="utf-8")
    assert set(kept) == {"e5/effects.md", "results.parquet", "transfer.md", "transfer.parquet"}
    for name, path in kept.items():
        assert path.read_bytes() == (results / "tables" / name).read_bytes()
    assert page == (
        "# demo\n\n4 of 12 cells are scored. Complete seeds: 1 (of 3).\n\n"
        "- [e5/effects.md](e5/effects.md)\n- [transfer.md](transfer.md)\n"
    )
    assert (tmp_path / "docs/other/transfer.md").is_file()


def test_seeds_that_are_done_and_those_that_are_not() -> None:
    # one row per language: a cell counts once; other metrics do not count
    found = pd.concat([
        cells(*FIRST, *FIRST, ("none", "xnli", 2)), cells(("sick", "xnli", 2), headline=False),
    ])  # fmt: skip
    assert progress(found, transfer("e5")) == [
        "5 of 12 cells are scored. Complete seeds: 1 (of 3).",
        "Unfinished: seed 2: 1 of 4. Means over seeds are marked † for it.",
    ]
    # a seed is complete when it is so for every base model
    assert progress(found, transfer("e5", "xlmr")) == [
        "5 of 24 cells are scored. Complete seeds: none (of 3).",
        "Unfinished: seed 1: 4 of 8; seed 2: 1 of 8. Means over seeds are marked † for it.",
    ]
    both = pd.concat([found, cells(*FIRST, model="xlmr")])
    assert progress(both, transfer("e5", "xlmr"))[0] == (
        "9 of 24 cells are scored. Complete seeds: 1 (of 3)."
    )


def test_a_run_without_tables_is_told_how_to_build_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_text(tmp_path / "docs/demo/transfer.md", "of an earlier run")
    results = run(tmp_path / "results/demo", cells(*FIRST))
    (results / "tables/transfer.md").unlink()
    assert main("", lambda given: keep(given, tmp_path / "docs"), [str(results)]) == 2
    error = capsys.readouterr().err
    assert "demo/tables/transfer.md: does not exist." in error
    assert "xstilts tables --configfile STUDY.yaml" in error
    # what was kept before stays
    assert (tmp_path / "docs/demo/transfer.md").is_file()


@pytest.mark.parametrize("name", [".", "./", "../demo/", "../../results/demo"])
def test_a_study_is_named_by_its_folder_however_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(run(tmp_path / "results/demo", cells(*FIRST)))
    write_text(tmp_path / "docs/other/transfer.md", "of another study")
    assert keep(Path(name), tmp_path / "docs") == tmp_path / "docs/demo/README.md"
    assert (tmp_path / "docs/other/transfer.md").is_file()


@pytest.mark.parametrize("name", ["", "results", "results/", "copy/demo", "results/demo/tables"])
def test_what_is_no_study_is_refused_and_nothing_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for folder in ("results/demo", "copy/demo", "results", ".", "results/demo/tables"):
        run(tmp_path / folder, cells(*FIRST))
    monkeypatch.chdir(tmp_path)
    write_text(tmp_path / "docs/other/transfer.md", "of another study")
    with pytest.raises(UserError, match=r"not the results of a study\. Name results/STUDY"):
        keep(Path(name), tmp_path / "docs")
    kept = [path.relative_to(tmp_path / "docs") for path in (tmp_path / "docs").rglob("*.*")]
    assert kept == [Path("other/transfer.md")]
