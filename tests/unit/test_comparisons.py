"""A comparison is one module: every list of comparisons iterates over the registry."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from test_config import STUDY

from xstilts.comparison_names import COMPARISONS
from xstilts.comparisons.registry import load_comparisons

ROOT = Path(__file__).parents[2]

WINS = """
import pandas as pd
import pyarrow as pa

from xstilts.comparisons.base import Comparison
from xstilts.results.pivot import Summary, block_of

COMPARISON = Comparison(
    rows="a test",
    schema=pa.schema([("model", pa.string())]),
    build=lambda results: pd.DataFrame({"model": results.scores.models}),
    summarise=lambda table, header: Summary(
        title="wins", text="How to read it.", blocks=(block_of([{"model": "mini"}], "All"),)
    ),
    order=5,
)
"""

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
build_tables(grid, Path(grid.paths.tables))
build_statistics(grid, Path(grid.paths.tables))
build_study_report(grid)
found["files"] = sorted(path.name for path in Path(grid.paths.tables).glob("wins.*"))
found["page"] = "How to read it." in Path(grid.paths.report).read_text(encoding="utf-8")
print(json.dumps(found))
"""


def test_a_new_comparison_is_one_module(tmp_path: Path) -> None:
    library = tmp_path / "workflow_scripts"
    shutil.copytree(ROOT / "workflow_scripts", library)
    (library / "xstilts/comparisons/tables/wins.py").write_text(WINS, encoding="utf-8")
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


def test_the_comparisons_and_their_order_in_the_report() -> None:
    found = load_comparisons()
    assert sorted(found) == list(COMPARISONS)
    orders = [one.order for one in found.values()]
    assert orders == sorted(set(orders))
    assert list(found)[:3] == ["claims", "best", "contrasts"]


@pytest.mark.parametrize("name", COMPARISONS)
def test_the_documentation_describes_the_rows(name: str) -> None:
    text = (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text.partition("\n\n| column")[0], re.M))
    one = load_comparisons()[name]
    assert rows[name] == one.rows
    assert set(rows) == set(COMPARISONS)
    assert all(isinstance(field, pa.Field) for field in one.schema)
