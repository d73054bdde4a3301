"""Write the result of a finished run to the top of README.md: figure, table and verdicts.

A developer's command (``make readme``); the workflow never runs it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd

from developer import ROOT, main, replace_between
from xstilts.errors import UserError
from xstilts.files import write_text
from xstilts.numbers import signed
from xstilts.results.tables import AVERAGE
from xstilts.statistics.inference import DECIDED, DIFFER

BEGIN = "<!-- result: made by `make run`, renewed by `make readme` -->"
END = "<!-- end of result -->"


def update(readme: Path, figure: Path, results: Path) -> Path:
    """Write a study's transfer figure, transfer table and verdicts between two marks of a file.

    Args:
        readme: Markdown file with the lines ``BEGIN`` and ``END``.
        figure: path that the figure is copied to, in the folder of the file or below it.
        results: ``results/STUDY`` of a finished run.

    Returns:
        The file.

    Raises:
        UserError: the run is not finished, or the marks are missing.
    """
    made = {
        name: results / name
        for name in ("figures/transfer.svg", "tables/transfer.md", "tables/effects.parquet")
    }
    if absent := [str(path) for path in made.values() if not path.is_file()]:
        raise UserError(f"{absent[0]}: does not exist. Run the study first.")
    shown = f"![Transfer of each strategy]({figure.relative_to(readme.parent).as_posix()})"
    table = _table(made["tables/transfer.md"].read_text(encoding="utf-8"))
    verdicts = _verdicts(pd.read_parquet(made["tables/effects.parquet"]))
    replace_between(readme, BEGIN, END, "\n\n".join([shown, table, verdicts]))
    write_text(figure, made["figures/transfer.svg"].read_text(encoding="utf-8"))
    return readme


def _table(text: str) -> str:
    """A transfer table without its headings and question, from its warning or legend on."""
    parts = [part for part in text.strip().split("\n\n") if not part.startswith("#")]
    start = next(i for i, part in enumerate(parts) if re.match(r"> |Protocol ", part))
    return "\n\n".join(parts[start:])


def _verdicts(effects: pd.DataFrame) -> str:
    """The strategies that help or hurt a target, by the intervals; models that differ."""
    rows = effects[~effects["target"].str.startswith(AVERAGE)]
    several = len(set(effects["model"])) > 1
    lines = []
    for verdict in DECIDED:
        if verdict == DIFFER and not (rows["verdict"] == DIFFER).any():
            continue
        found = [
            (f"{row['model']}: " if several else "")
            + f"{row['strategy']} on {row['target']} "
            + f"({signed(row['low'])} to {signed(row['high'])})"
            for row in rows[rows["verdict"] == verdict].to_dict("records")
        ]
        lines.append(f"{verdict.capitalize()}: {', '.join(found) or 'none'}.")
    judged = rows["verdict"].isin([*DECIDED, "unclear"]).sum()
    unclear = (rows["verdict"] == "unclear").sum()
    return (
        "95 % intervals over seeds and examples, from `tables/effects.md`: "
        f"{' '.join(lines)} Unclear: {unclear} of {judged} comparisons."
    )


if __name__ == "__main__":
    page, image = ROOT / "README.md", ROOT / "docs/transfer.svg"
    sys.exit(main(__doc__, lambda results: update(page, image, results)))
