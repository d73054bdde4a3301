"""Writes the report of a study."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import jinja2
import pandas as pd

from xstilts.config.protocol import PROTOCOLS
from xstilts.files import write_text
from xstilts.paths import product
from xstilts.report.blocks import answers, coverage, detail_blocks, overlaps, transfer_blocks
from xstilts.results import failures
from xstilts.versions import versions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xstilts.results.render import Header

TEMPLATE = "page.html.j2"


def build_report(
    tables: Path, failed: Path, header: Header, strategies: Mapping[str, str], out: Path
) -> None:
    """Write one self-contained HTML file.

    Args:
        tables: folder that ``results.render.write_tables`` and the overlap audit wrote to.
        failed: folder of the records of jobs without a result.
        header: names of the study, its question, its warning.
        strategies: strategy to its chain, as people write it.
        out: the file.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("xstilts.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    page = environment.get_template(TEMPLATE).render(
        **_tables(tables, header),
        header=header,
        strategies=strategies,
        protocol=asdict(PROTOCOLS[header.protocol]),
        versions=versions(),
        # the job that writes this page is running, too
        failures=[f for f in failures.read(failed).values() if f.job != product(str(out))],
    )
    write_text(out, page)


def _tables(folder: Path, header: Header) -> dict[str, Any]:
    transfer = pd.read_parquet(folder / "transfer.parquet")
    done, wanted = coverage(transfer)
    audit = folder / "overlap.csv"
    return {
        "legend": header.legend(transfer),
        "answers": answers(transfer, header.baseline),
        "done": done,
        "wanted": wanted,
        "transfer": transfer_blocks(transfer),
        "languages": detail_blocks(pd.read_parquet(folder / "languages.parquet"), "language"),
        "layers": detail_blocks(pd.read_parquet(folder / "layers.parquet"), "layer"),
        "overlaps": overlaps(audit) if audit.is_file() else None,
    }
