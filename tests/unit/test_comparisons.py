"""A comparison is one module: every list of comparisons iterates over the registry."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from test_config import STUDY
from test_statistics import target_scores

from xstilts.comparison_names import COMPARISONS
from xstilts.comparisons.base import StudyResults
from xstilts.comparisons.registry import load_comparisons
from xstilts.statistics.study_scores import StudyScores

ROOT = Path(__file__).parents[2]

EXAMPLE = re.compile(r"## Adding a comparison.*?```python\n(.*?)```", re.DOTALL)
"""The module in docs/statistics.md."""


def example() -> str:
    found = EXAMPLE.search((ROOT / "docs/statistics.md").read_text(encoding="utf-8"))
    assert found
    return found[1]


PROBE = """
import json, sys
from pathlib import Path
from xstilts.grid import Grid, summaries
from xstilts.grid.figures import report_tables
grid = Grid.load(None, ["study.yaml"])
found = {
    "tables": report_tables(grid),
    "statistics": list(summaries.statistics(grid)["code"]),
    "report": list(summaries.report(grid)["code"]),
    "light": not {"pandas", "numpy", "pyarrow"} & set(sys.modules),
}
from xstilts.jobs.report import build_study_report
from xstilts.jobs.statistics import build_statistics
from xstilts.jobs.tables import build_tables
from xstilts.comparisons.tables import wins
row = ["mini", "mnli", "xnli", 1, 2]  # this study has no results yet
made = wins.pd.DataFrame([row], columns=wins.SCHEMA.names)
object.__setattr__(wins.COMPARISON, "build", lambda results: made)
build_tables(grid, Path(grid.paths.tables))
build_statistics(grid, Path(grid.paths.tables))
build_study_report(grid)
found["files"] = sorted(path.name for path in Path(grid.paths.tables).glob("wins.*"))
found["page"] = "the mean over seeds is above" in Path(grid.paths.report).read_text("utf-8")
print(json.dumps(found))
"""


@pytest.mark.slow
def test_a_new_comparison_is_one_module(tmp_path: Path) -> None:
    library = tmp_path / "workflow_scripts"
    shutil.copytree(ROOT / "workflow_scripts", library)
    (library / "xstilts/comparisons/tables/wins.py").write_text(example(), encoding="utf-8")
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(library)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert "results/tiny/tables/wins.parquet" in found["tables"]
    assert "xstilts.comparisons.tables.wins" in found["statistics"]
    assert "xstilts.comparisons.tables.wins" in found["report"]
    assert found["light"]
    assert found["files"] == ["wins.csv", "wins.md", "wins.parquet"]
    assert found["page"]


def test_the_example_counts_languages() -> None:
    # mnli is better in English in the mean of two seeds, equal in Swahili, worse in German
    levels = {"en": (0.6, 0.8), "sw": (0.5, 0.5), "de": (0.4, 0.2)}
    right = {
        (strategy, seed, language): [
            int(i < 10 * (level if strategy == "mnli" else 0.5)) for i in range(10)
        ]
        for language, found in levels.items()
        for seed, level in enumerate(found)
        for strategy, share in (("none", 0.5), ("mnli", level))
    }
    scores = StudyScores({("mini", "xnli"): target_scores(right)}, ["none", "mnli"], "none", "en")
    module: dict[str, Any] = {}
    exec(example(), module)
    table = module["build"](StudyResults(grid=None, scores=scores))  # type: ignore[arg-type]
    assert table.to_dict("records") == [
        {"model": "mini", "strategy": "mnli", "target": "xnli", "num_wins": 1, "num_languages": 3}
    ]


def test_the_comparisons_and_their_order_in_the_report() -> None:
    found = load_comparisons()
    assert sorted(found) == list(COMPARISONS)
    orders = [one.order for one in found.values()]
    assert orders == list(range(1, len(found) + 1)), "positions are 1, 2, 3, …, each once"
    assert list(found)[:3] == ["claims", "best", "contrasts"]


@pytest.mark.parametrize("name", COMPARISONS)
def test_the_documentation_describes_the_rows(name: str) -> None:
    text = (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text.partition("\n\n| column")[0], re.M))
    one = load_comparisons()[name]
    assert rows[name] == one.rows
    assert set(rows) == set(COMPARISONS)
    assert all(isinstance(field, pa.Field) for field in one.schema)
