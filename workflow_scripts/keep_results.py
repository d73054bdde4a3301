"""Keep the tables of a study, finished or not, in the repository: docs/results/STUDY/.

A developer's command (``make results``); the workflow never runs it.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from pathlib import Path

import pandas as pd

from developer import ROOT, main
from xstilts.errors import UserError
from xstilts.files import write_text
from xstilts.results.tables import AVERAGE

KEPT = ("*.md", "*.parquet")


def keep(results: Path, folder: Path) -> Path:
    """Copy a study's tables as Markdown and Parquet, with a page that says what is done.

    Args:
        results: ``results/STUDY`` of a run; its tables are those of the scores that existed when
            they were built (``xstilts tables`` builds them again).
        folder: that of all studies; what it held of this study before is removed.

    Returns:
        The page, ``README.md``.

    Raises:
        UserError: it is not the folder of a study, or has no tables.
    """
    # links are not resolved: ``results`` may be one to another disk
    study = Path(os.path.normpath(Path.cwd() / results))
    if study.parent.name != "results":
        raise UserError(
            f"{results}: not the results of a study. Name results/STUDY; for make, "
            "make results STUDY=first_real"
        )
    out = folder / study.name
    tables = results / "tables"
    needed = [tables / "results.parquet", tables / "transfer.parquet", tables / "transfer.md"]
    if absent := [path for path in needed if not path.is_file()]:
        raise UserError(
            f"{absent[0]}: does not exist. Build the tables first, from the scores that exist: "
            "xstilts tables --configfile STUDY.yaml"
        )
    shutil.rmtree(out, ignore_errors=True)
    for path in sorted(path for pattern in KEPT for path in tables.rglob(pattern)):
        copy = out / path.relative_to(tables)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    page = out / "README.md"
    lines = progress(pd.read_parquet(needed[0]), pd.read_parquet(needed[1]))
    names = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.md"))
    links = [f"- [{name}]({name})" for name in names]
    write_text(page, "\n\n".join([f"# {study.name}", *lines, "\n".join(links)]) + "\n")
    return page


def progress(results: pd.DataFrame, transfer: pd.DataFrame) -> list[str]:
    """Return sentences on the seeds of which all cells are scored, and on those that are not.

    Args:
        results: result rows of the study.
        transfer: its transfer table, which has a row for each expected cell of a seed.
    """
    cell = ["model", "strategy", "target"]
    expected = transfer[transfer["target"] != AVERAGE]
    # cells that are left out for lack of data will never have a score
    possible = expected[~expected["reason"].fillna("").str.startswith("left out: ")]
    found = results.loc[results["headline"], [*cell, "seed"]].drop_duplicates()
    counts = Counter(found["seed"].tolist())
    whole = [seed for seed, count in sorted(counts.items()) if count >= len(possible)]
    seeds = int(transfer["expected_seeds"].max())
    lines = [
        f"{len(found)} of {len(possible) * seeds} cells are scored. "
        f"Complete seeds: {', '.join(map(str, whole)) or 'none'} (of {seeds})."
    ]
    partial = [
        f"seed {s}: {n} of {len(possible)}" for s, n in sorted(counts.items()) if s not in whole
    ]
    if partial:
        lines.append(f"Unfinished: {'; '.join(partial)}. Means over seeds are marked † for it.")
    return lines


if __name__ == "__main__":
    sys.exit(main(__doc__, lambda results: keep(results, ROOT / "docs/results")))
