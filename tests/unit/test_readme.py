"""The result in a README is that of a run, word for word."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from readme import BEGIN, END, update
from xstilts.errors import UserError
from xstilts.files import write_text

TABLE = """\
# demo: transfer

Does it help?

> Microworld: invented.

Protocol recommended; seeds 1, 2.

## mini

| strategy | xnli |
|:--|--:|
| none | 40.0 |

- [1] killed
"""


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results/demo"
    write_text(folder / "tables/transfer.md", TABLE)
    write_text(folder / "figures/transfer.svg", "<svg>made by the run</svg>")
    columns = ("model", "strategy", "target", "low", "high", "verdict")
    rows = [
        ("mini", "none", "xnli", None, None, "baseline"),
        ("mini", "mnli", "xnli", 3.25, 9.0, "helps"),
        ("mini", "mnli", "udpos", -8.0, -1.0, "hurts"),
        ("mini", "mnli", "xquad", -2.0, 3.0, "unclear"),
        ("mini", "mnli", "average", 1.0, 3.0, "helps"),
        ("mini", "mnli", "panx", 2.0, 3.0, "these models differ"),
    ]
    pd.DataFrame(rows, columns=columns).to_parquet(folder / "tables/effects.parquet")
    return folder


def test_the_block_between_the_marks_comes_from_the_run(tmp_path: Path, results: Path) -> None:
    readme = tmp_path / "README.md"
    write_text(readme, f"# Title\n\n{BEGIN}\nold\n{END}\n\nThe rest.\n")
    update(readme, tmp_path / "docs/transfer.svg", results)
    assert readme.read_text(encoding="utf-8") == (
        f"# Title\n\n{BEGIN}\n\n![Transfer of each strategy](docs/transfer.svg)\n\n"
        "> Microworld: invented.\n\nProtocol recommended; seeds 1, 2.\n\n"
        "| strategy | xnli |\n|:--|--:|\n| none | 40.0 |\n\n- [1] killed\n\n"
        "95 % intervals over seeds and examples, from `tables/effects.md`: "
        "Helps: mnli on xnli (+3.2 to +9.0). Hurts: mnli on udpos (-8.0 to -1.0). "
        "These models differ: mnli on panx (+2.0 to +3.0). "
        f"Unclear: 1 of 4 comparisons.\n\n{END}\n\nThe rest.\n"
    )
    assert "made by the run" in (tmp_path / "docs/transfer.svg").read_text(encoding="utf-8")


def test_what_is_missing_is_named(tmp_path: Path, results: Path) -> None:
    readme = tmp_path / "README.md"
    for text in ("no marks", BEGIN, END, END + BEGIN, 2 * BEGIN + END, BEGIN + 2 * END):
        write_text(readme, text)
        with pytest.raises(UserError, match=r"README\.md: needs the lines"):
            update(readme, tmp_path / "docs/transfer.svg", results)
        assert readme.read_text(encoding="utf-8") == text
    (results / "tables/effects.parquet").unlink()
    with pytest.raises(UserError, match="Run the study first"):
        update(readme, tmp_path / "docs/transfer.svg", results)


def test_the_projects_readme_has_the_marks() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert text.count(BEGIN) == text.count(END) == 1
    assert text.index(BEGIN) < text.index("## Quick start")
