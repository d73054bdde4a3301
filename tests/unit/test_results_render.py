"""Markdown and LaTeX tables of a small incomplete study."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from score_files import make_cells

from xstilts.errors import UserError
from xstilts.files import write_text
from xstilts.metrics.trivial import CHANCE
from xstilts.results.cells import Cell, collect
from xstilts.results.pivot import MANY_COLUMNS
from xstilts.results.render import Header, language_markdown, latex, markdown, write_tables
from xstilts.results.schema import RESULT_SCHEMA
from xstilts.results.tables import LAYER_SCHEMA, TRANSFER_SCHEMA, language_table, transfer_table
from xstilts.results.trivial_baselines import trivial_means
from xstilts.trivial_baselines.run import TRIVIAL_BASELINE_SCHEMA

TEXTS = {
    "study": "demo",
    "protocol": "recommended",
    "baseline": "none",
    "question": "Does NLI help?",
    "notes": ("microworld: invented languages",),
}
HEADER = Header(seeds=(1, 2), replicates=2000, **TEXTS)

MARKDOWN = """\
# demo: transfer

Does NLI help?

> microworld: invented languages

Protocol recommended; metrics (0-100): xnli accuracy, xquad mean_em_f1; seeds 1, 2. \
Cells: mean ± s.d. over 2 seeds; in parentheses, the difference from the baseline strategy `none`.

## tiny

| strategy   |              xnli |             xquad |           average |
|:-----------|------------------:|------------------:|------------------:|
| none       |         52.0 ±2.8 |        27.5 ±3.5† |        39.8 ±3.2† |
| mnli       | 64.0 ±1.4 (+12.0) | 25.0 ±0.0 (+0.0†) | 44.5 ±0.7 (+6.0†) |
| squad_v1   |     40.0† (-10.0) |             — [1] |     40.0† (-10.0) |

- † incomplete average (1 of 2 languages, 2 of 2 seeds; seed 2: no sw (not run yet)): none / xquad
- † incomplete average (2 of 2 targets, 3 of 4 languages, 2 of 2 seeds): none / average
- † difference from an incomplete baseline: mnli / xquad, mnli / average
- † incomplete average (2 of 2 languages, 1 of 2 seeds; seed 2: killed): squad_v1 / xnli
- † incomplete average (1 of 2 targets, 2 of 4 languages, 1 of 2 seeds): squad_v1 / average
- [1] out of memory
"""


@pytest.fixture
def cells(tmp_path: Path) -> list[Cell]:
    """Two seeds; one seed of one target failed, one language and one whole cell are missing."""
    return make_cells(
        tmp_path / "scores",
        {
            ("none", "xnli", 1): {"en": 60, "sw": 40},
            ("none", "xnli", 2): {"en": 64, "sw": 44},
            ("none", "xquad", 1): {"en": 30, "sw": 20},
            ("none", "xquad", 2): {"en": 30},
            ("mnli", "xnli", 1): {"en": 70, "sw": 60},
            ("mnli", "xnli", 2): {"en": 70, "sw": 56},
            ("mnli", "xquad", 1): {"en": 29.96, "sw": 20},
            ("mnli", "xquad", 2): {"en": 30, "sw": 20},
            ("squad_v1", "xnli", 1): {"en": 50, "sw": 30},
            ("squad_v1", "xnli", 2): "killed",
            ("squad_v1", "xquad", 1): "out of memory",
            ("squad_v1", "xquad", 2): "out of memory",
        },
    )


def rendered(cells: list[Cell], header: Header = HEADER) -> str:
    return markdown(transfer_table(collect(cells), cells, header.baseline), header)


def test_markdown_of_a_partial_study(cells: list[Cell]) -> None:
    assert rendered(cells) == MARKDOWN


def test_a_complete_study_of_one_target_and_seed(tmp_path: Path) -> None:
    cells = make_cells(
        tmp_path, {("none", "xnli", 1): {"en": 1, "sw": 2}, ("mnli", "xnli", 1): {"en": 3, "sw": 4}}
    )
    text = rendered(cells, replace(HEADER, seeds=(1,), question="", notes=()))
    assert text.startswith("# demo: transfer\n\nProtocol recommended;")
    assert "seed 1. Cells: score of one seed; in parentheses" in text
    assert text.splitlines()[-4:] == [
        "| strategy   |       xnli |",
        "|:-----------|-----------:|",
        "| none       |        1.5 |",
        "| mnli       | 3.5 (+2.0) |",
    ]


def test_one_block_per_base_model_with_its_own_footnotes(cells: list[Cell]) -> None:
    second = [
        replace(cell, model="large", scores=Path("absent"), reason="no GPU") for cell in cells
    ]
    blocks = rendered([*cells, *second]).split("\n## ")[1:]
    assert [block.split("\n")[0] for block in blocks] == ["tiny", "large"]
    assert "[1] out of memory" in blocks[0]
    assert "no GPU" not in blocks[0]
    assert blocks[1].splitlines()[-2:] == ["- [1] no GPU", "- [2] no target has a result"]


def test_latex_escapes_and_uses_booktabs(cells: list[Cell]) -> None:
    cells = [replace(c, reason=r"100% of {a_b} & \x~^$#") if c.reason else c for c in cells]
    header = replace(HEADER, notes=("50% invented",), question="")
    text = latex(transfer_table(collect(cells), cells, "none"), header)
    lines = text.splitlines()
    assert lines[0] == r"% needs \usepackage{booktabs}"
    assert r"\caption{demo, tiny. 50\% invented. Protocol recommended; metrics" in text
    assert r"the baseline strategy \texttt{none}." in text
    assert [line for line in lines if line.startswith("\\") and line.endswith("rule")] == [
        r"\toprule",
        r"\midrule",
        r"\bottomrule",
    ]
    assert r"squad\_v1 & 40.0$^\dagger$ ($-$10.0) & --- [1] & 40.0$^\dagger$ ($-$10.0) \\" in lines
    escaped = r"100\% of \{a\_b\} \& \textbackslash{}x\textasciitilde{}\textasciicircum{}\$\#"
    assert rf"\par\footnotesize [1] {escaped}" in lines


def test_all_files_and_equal_bytes(cells: list[Cell], tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    write_tables(first, cells, HEADER)
    write_tables(second, cells, HEADER)
    names = sorted(path.name for path in first.iterdir())
    assert names == [
        "languages.csv",
        "languages.md",
        "languages.parquet",
        "layers.csv",
        "layers.parquet",
        "results.csv",
        "results.parquet",
        "transfer.csv",
        "transfer.md",
        "transfer.parquet",
        "transfer.tex",
        "trivial_baselines.csv",
        "trivial_baselines.md",
        "trivial_baselines.parquet",
    ]
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    assert (first / "transfer.md").read_text(encoding="utf-8") == MARKDOWN
    assert pq.read_schema(first / "results.parquet").equals(RESULT_SCHEMA)
    assert pq.read_schema(first / "transfer.parquet").equals(TRANSFER_SCHEMA)
    # pandas would add its version, and other bytes with it
    assert pq.read_schema(first / "transfer.parquet").metadata.keys() == {b"xstilts"}
    # no retrieval in this study: empty, with the columns that it always has
    assert pq.read_table(first / "layers.parquet").schema.equals(LAYER_SCHEMA)
    csv = pd.read_csv(first / "transfer.csv")
    assert csv["mean"].tolist()[:2] == [52.0, 27.5]


def test_language_tables(cells: list[Cell], tmp_path: Path) -> None:
    write_tables(tmp_path / "out", cells, HEADER)
    text = (tmp_path / "out" / "languages.md").read_text(encoding="utf-8")
    assert "## tiny: xnli" in text
    assert "| mnli       | 70.0 ±0.0 (+8.0) | 58.0 ±2.8 (+16.0) |" in text
    assert "1 of 2 seeds; seed 2: killed): squad_v1 / en, squad_v1 / sw" in text


def test_a_study_without_any_result_has_tables(tmp_path: Path) -> None:
    cells = make_cells(tmp_path, {("none", "xnli", 1): "killed", ("mnli", "xnli", 1): None})
    write_tables(tmp_path / "out", cells, HEADER)
    text = (tmp_path / "out" / "transfer.md").read_text(encoding="utf-8")
    assert text.endswith("- [1] killed\n- [2] not run yet\n")
    assert pq.read_table(tmp_path / "out" / "results.parquet").num_rows == 0


def test_trivial_baselines_are_below_the_strategies(cells: list[Cell], tmp_path: Path) -> None:
    def row(target: str, name: str, sees: str, language: str, value: float) -> dict:
        numbers = {"metric": "accuracy", "value": value, "n": 10, "num_train": 200}
        return {"target": target, "language": language, "baseline": name, "sees": sees, **numbers}

    rows = [
        row("xnli", "bag_of_words", "all", "en", 40.0),
        row("xnli", "bag_of_words", "all", "sw", 35.0),
        row("xnli", "text_a_only", "part", "en", 33.0),
        row("xnli", "text_b_only", "part", "en", 34.0),
    ]
    file = tmp_path / "trivial_baselines.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=TRIVIAL_BASELINE_SCHEMA), file)
    write_tables(tmp_path / "out", cells, HEADER, [file, tmp_path / "not there.parquet"])
    text = (tmp_path / "out" / "transfer.md").read_text(encoding="utf-8")
    assert "Trivial baselines: bag of words, one side only." in text
    found = [line.split("|")[1:3] for line in text.splitlines() if line.startswith("| ")]
    assert [[cell.strip() for cell in cells] for cells in found][-2:] == [
        ["bag of words", "37.5"],
        # the better of the two sides
        ["one side only", "34.0"],
    ]
    by_language = (tmp_path / "out" / "trivial_baselines.md").read_text(encoding="utf-8")
    assert "## xnli: accuracy, 200 training examples" in by_language
    assert "| bag_of_words | 40.0 | 35.0 |" in by_language
    write_text(file, "no table")
    with pytest.raises(UserError, match="damaged or truncated"):
        write_tables(tmp_path / "out", cells, HEADER, [file])


def test_many_languages_are_rows(tmp_path: Path) -> None:
    codes = [f"x{n:02d}" for n in range(MANY_COLUMNS + 1)]
    cells = [
        replace(cell, languages=tuple(codes))
        for strategy, gain in (("none", 0), ("mnli", 2))
        for cell in make_cells(
            tmp_path, {(strategy, "xnli", 1): {code: gain + n for n, code in enumerate(codes)}}
        )
    ]
    text = language_markdown(language_table(collect(cells), cells, "none"), HEADER)
    assert "| language   |   none |        mnli |" in text
    assert "| x20        |   20.0 | 22.0 (+2.0) |" in text


def test_contaminated_cells_have_a_sign_in_every_table(cells: list[Cell], tmp_path: Path) -> None:
    header = replace(HEADER, contaminated={("tiny", "mnli", "xnli"): "flores200"})
    write_tables(tmp_path, cells, header)
    transfer = (tmp_path / "transfer.md").read_text()
    assert "| 64.0 ±1.4 (+12.0) ‡ |" in transfer
    # the average includes the cell; the baseline was not trained on the text
    assert "44.5 ±0.7 (+6.0†) ‡" in transfer
    assert transfer.count("‡") == 3
    assert "‡: evaluated text, of flores200, was trained on as text" in transfer
    of_xnli = (tmp_path / "languages.md").read_text().partition("## tiny: xquad")[0]
    marked = [line for line in of_xnli.splitlines() if line.startswith("| mnli")]
    assert [line.count("‡") for line in marked] == [2]
    assert r"$^\ddagger$" in (tmp_path / "transfer.tex").read_text()
    assert "‡" not in markdown(transfer_table(collect(cells), cells, "none"), HEADER)


def test_chance_is_not_compared_with_another_metric_than_accuracy() -> None:
    rows = [
        ("a", "accuracy", True, 60.0),
        ("a", CHANCE, False, 50.0),
        ("b", "macro_f1", True, 40.0),
        ("b", "accuracy", False, 60.0),
        ("b", CHANCE, False, 33.0),
    ]
    results = pd.DataFrame(rows, columns=["target", "metric", "headline", "value"])
    none = TRIVIAL_BASELINE_SCHEMA.empty_table().to_pandas()
    assert trivial_means(results, none) == {"chance": {"a": 50.0}}
