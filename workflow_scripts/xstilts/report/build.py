"""Writes the report of a study."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jinja2
import vl_convert

from xstilts.comparisons.registry import load_comparisons
from xstilts.config.protocol import PROTOCOLS
from xstilts.files import write_text
from xstilts.report import blocks
from xstilts.report.answers import answers
from xstilts.report.cost import costs, prediction_seconds, spent
from xstilts.report.details import details
from xstilts.report.figures.all import make_figure
from xstilts.report.figures.base import config
from xstilts.report.figures.properties import differences
from xstilts.report.figures.write import VEGA_LITE
from xstilts.report.frames import Frames, read_frames, read_transfer
from xstilts.report.links import anchor
from xstilts.results import failures
from xstilts.results.remarks import remarks
from xstilts.results.trivial_baselines import trivial_means
from xstilts.versions import versions

if TYPE_CHECKING:
    from pathlib import Path

    from xstilts.report.source import Source


_OWN_JOBS = ("report", "figures/")
"""Jobs that run while the page is written: they are not listed as unfinished."""


def build_report(source: Source, out: Path) -> None:
    """Write one self-contained HTML file.

    The tables must exist; models, predictions and records of jobs are shown as far as they exist.

    Args:
        source: the study.
        out: the file.
    """
    frames = read_frames(source)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("xstilts.report", "page"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"json": _json, "anchor": anchor}
    records = failures.read(source.failures).values()
    page = environment.get_template("page.html.j2").render(
        **_overview(frames),
        **_sections(frames),
        comparisons=_comparisons(frames),
        header=source.header,
        source=source,
        figures={name: make_figure(name, frames) for name in source.figures},
        themes={scheme: config(scheme) for scheme in ("light", "dark")},
        vega=_vega(),
        protocol=asdict(PROTOCOLS[source.header.protocol]),
        versions=versions(),
        failures=[failure for failure in records if not failure.job.startswith(_OWN_JOBS)],
    )
    write_text(out, page)


def _overview(frames: Frames) -> dict[str, Any]:
    """Template variables of the top of the page."""
    transfer = frames.transfer
    header = replace(
        frames.source.header,
        remarks=tuple(remarks(frames.results)),
        trivial_baselines=trivial_means(frames.results, frames.trivial_baselines),
    )
    done, expected = blocks.coverage(transfer)
    return {
        "legend": header.legend(transfer),
        "answers": answers(transfer, header.baseline),
        "done": done,
        "expected": expected,
        "tested": bool(transfer["low"].notna().any()),
        "transfer": blocks.transfer_blocks(transfer, header),
        "trivial_baselines": blocks.trivial_baseline_blocks(frames.trivial_baselines),
    }


def _sections(frames: Frames) -> dict[str, Any]:
    root, audit = frames.source.root, frames.source.tables / "overlap.csv"
    found, recipes = details(frames)
    return {
        "languages": blocks.language_blocks(frames.languages, frames.source.header),
        "properties": blocks.property_blocks(frames, differences(frames)),
        "gaps": blocks.seed_blocks(frames.gaps, "gap"),
        "seeds": blocks.seed_blocks(frames.scores, "score"),
        "layers": blocks.layer_blocks(frames.layers),
        "costs": costs(root),
        "spent": spent(root),
        "prediction_seconds": prediction_seconds(frames.headline),
        "incomplete": blocks.incomplete(frames.transfer),
        "overlaps": blocks.overlaps(audit) if audit.is_file() else None,
        "views": _views(frames.source),
        "details": found,
        "recipes": recipes,
    }


def _comparisons(frames: Frames) -> list[dict[str, Any]]:
    """The comparisons, in order; empty if none has rows."""
    if not frames.summaries:
        return []
    found = []
    for name, comparison in load_comparisons().items():
        one = frames.summaries.get(name)
        shown = one and {"title": one.title, "text": one.text, "blocks": blocks.summary_blocks(one)}
        found.append({"name": name, "expanded": comparison.expanded, "summary": shown})
    return found


def _views(source: Source) -> list[dict[str, Any]]:
    """The transfer tables of the study's views."""
    found = []
    for name, (folder, header) in source.views.items():
        transfer = read_transfer(folder)
        found.append(
            {
                "name": name,
                "legend": header.legend(transfer),
                "blocks": blocks.transfer_blocks(transfer, header, linked=False),
            }
        )
    return found


def _json(value: Any) -> str:
    """JSON that is safe inside a ``<script>`` element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


@lru_cache(maxsize=1)
def _vega() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, bundled with vl-convert."""
    bundle: str = vl_convert.javascript_bundle(
        "window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE
    )
    # the closing tag may occur in a string of the code
    return bundle.replace("</script", "<\\/script")
