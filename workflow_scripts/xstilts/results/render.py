"""Tables as Markdown, LaTeX, CSV and Parquet; equal results give identical bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.files import atomic_path, write_text
from xstilts.numbers import DASH
from xstilts.results.cells import Cell, collect
from xstilts.results.pivot import (
    CONTAMINATED,
    MANY_COLUMNS,
    Marks,
    Pivot,
    Summary,
    pivot,
    with_sign,
)
from xstilts.results.remarks import remarks
from xstilts.results.schema import RESULT_SCHEMA
from xstilts.results.tables import (
    AVERAGE,
    LANGUAGE_SCHEMA,
    LAYER_SCHEMA,
    TRANSFER_SCHEMA,
    language_table,
    layer_table,
    transfer_table,
)
from xstilts.results.trivial_baselines import (
    read_trivial_baselines,
    trivial_baseline_pivots,
    trivial_means,
)
from xstilts.schema_metadata import CHECKSUM, checksum_of_rows, with_metadata
from xstilts.trivial_baselines.run import TRIVIAL_BASELINE_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

_BASELINE_LEGEND = (
    "Trained on the words of the target's own training set, scored by its own metric (0-100). What "
    "a language model knows beyond words is what it scores above them."
)

_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "†": r"$^\dagger$",
        "§": r"\S{}",
        "‡": r"$^\ddagger$",
        "±": r"$\pm$",
        "—": "---",
        "→": r"$\rightarrow$",
        "…": r"\ldots{}",
    }
)


def _latex(text: str) -> str:
    """Text as LaTeX: code in backticks as typewriter, a minus sign in negative differences."""
    escaped = text.translate(_LATEX).replace("(-", "($-$")
    return re.sub(r"`([^`]*)`", r"\\texttt{\1}", escaped)


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """The heading and the legend of every table of a study."""

    study: str
    protocol: str
    baseline: str
    """Strategy that the others are compared with."""
    seeds: tuple[int, ...]
    replicates: int
    """Number of bootstrap replicates."""
    correct_over: str = "targets"
    """Family of comparisons in Holm's correction (``comparisons.effects.Family``)."""
    question: str = ""
    """The study's question, in a sentence."""
    notes: tuple[str, ...] = ()
    """Warnings that must be shown with the numbers."""
    strategy_marks: Mapping[str, Marks] = field(default_factory=dict)
    """Base model to the marks of its strategies."""
    target_marks: Mapping[str, Marks] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    """Remarks on the numbers (``results.remarks``)."""
    accepted: tuple[str, ...] = ()
    """Results that are kept although their code changed, and why (``xstilts.acceptance``)."""
    details: tuple[str, ...] = ()
    """Sentences on hidden states, unknown tokens, and languages outside their benchmark."""
    contaminated: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    """Base, strategy and target of the cells whose evaluated text was trained on, with its
    corpus."""
    trivial_baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Rows below the strategies: name to target to value (``results.trivial_baselines``)."""

    def heading(self, title: str) -> list[str]:
        """The start of a Markdown file: title, question, warning."""
        notes = (f"> {note}" for note in self.notes)
        return [f"# {self.study}: {title}", self.question, *notes]

    def legend(self, table: pd.DataFrame) -> str:
        """The legend of a table: protocol, metric per target, seeds, meaning of the cells."""
        targets = table[table["target"] != AVERAGE].drop_duplicates("target")
        metrics = ", ".join(
            f"{target} {metric}"
            for target, metric in zip(targets["target"], targets["metric"], strict=True)
        )
        several = len(self.seeds) > 1
        seeds = ("seeds " if several else "seed ") + ", ".join(map(str, self.seeds))
        cell = f"mean ± s.d. over {len(self.seeds)} seeds" if several else "score of one seed"
        sentences = [
            f"Protocol {self.protocol}; metrics (0-100): {metrics}; {seeds}.",
            f"Cells: {cell}; in parentheses, the difference from the baseline strategy "
            f"`{self.baseline}`.",
        ]
        if self.trivial_baselines:
            sentences.append(f"Trivial baselines: {', '.join(self.trivial_baselines)}.")
        if self.contaminated:
            corpora = ", ".join(dict.fromkeys(self.contaminated.values()))
            sentences.append(
                f"{CONTAMINATED}: evaluated text, of {corpora}, was trained on as text; its labels "
                "were not."
            )
        return " ".join([*sentences, *self.details, *self.remarks, *self.accepted])


def transfer_pivots(table: pd.DataFrame, header: Header) -> list[Pivot]:
    """One block per base model: strategies by targets, with the average if there are several.

    The rows below the strategies are the trivial baselines.
    """
    blocks = []
    for model, rows in table.groupby("model", sort=False):
        columns = [name for name in dict.fromkeys(rows["target"]) if name != AVERAGE]
        columns += [AVERAGE] if len(columns) > 1 else []
        signed = {(s, target) for m, s, target in header.contaminated if m == model}
        signed |= {(strategy, AVERAGE) for strategy, _ in signed}
        block = with_sign(pivot(rows, str(model), "target", columns), CONTAMINATED, signed)
        below = tuple(
            (name, tuple(_trivial_baseline(values, column, columns) for column in columns))
            for name, values in header.trivial_baselines.items()
        )
        blocks.append(
            replace(
                block,
                rows=block.rows + below,
                row_marks=header.strategy_marks.get(str(model), Marks()),
                column_marks=header.target_marks.get(str(model), Marks()),
            )
        )
    return blocks


def _trivial_baseline(values: Mapping[str, float], column: str, columns: Sequence[str]) -> str:
    """The value of a column; for the average, the mean if every target has a value."""
    targets = [name for name in columns if name != AVERAGE] if column == AVERAGE else [column]
    if any(name not in values for name in targets):
        return DASH
    return f"{sum(values[name] for name in targets) / len(targets):.1f}"


def language_pivots(table: pd.DataFrame, header: Header) -> list[Pivot]:
    """One block per base model and target: strategies by languages, or many languages down."""
    blocks = []
    for (model, target), rows in table.groupby(["model", "target"], sort=False):
        block = pivot(rows, f"{model}: {target}", "language", dict.fromkeys(rows["language"]))
        strategies = [s for m, s, t in header.contaminated if (m, t) == (model, target)]
        signed = {(strategy, language) for strategy in strategies for language in block.columns}
        marks = header.strategy_marks.get(str(model), Marks())
        block = replace(with_sign(block, CONTAMINATED, signed), row_marks=marks)
        many = len(block.columns) > MANY_COLUMNS
        blocks.append(block.transposed("language") if many else block)
    return blocks


def _frame(block: Pivot) -> pd.DataFrame:
    rows = [(block.row_marks.shown(name), *entries) for name, entries in block.rows]
    columns = map(block.column_marks.shown, block.columns)
    return pd.DataFrame(rows, columns=[block.corner, *columns])


def summary_markdown(summary: Summary, header: Header) -> str:
    """A summary as a file of Markdown: title, question, warning, how to read it, its blocks."""
    parts = [*header.heading(summary.title), summary.text]
    for block in summary.blocks:
        align = ("left", *["right" if block.numeric else "left"] * len(block.columns))
        body = _frame(block).to_markdown(index=False, disable_numparse=True, colalign=align)
        heading = f"## {block.title}" if block.title else ""
        parts += [heading, body, "\n".join(f"- {text}" for text in block.notes())]
    return "\n\n".join(part for part in parts if part) + "\n"


def markdown(table: pd.DataFrame, header: Header) -> str:
    """The transfer table as Markdown, strategies by targets, one block per base model.

    Args:
        table: from ``transfer_table``.
        header: its heading and legend.
    """
    blocks = tuple(transfer_pivots(table, header))
    summary = Summary(title="transfer", text=header.legend(table), blocks=blocks)
    return summary_markdown(summary, header)


def language_markdown(table: pd.DataFrame, header: Header) -> str:
    """The language table as Markdown, strategies by languages, one block per model and target.

    Args:
        table: from ``language_table``.
        header: its heading and legend.
    """
    blocks = tuple(language_pivots(table, header))
    summary = Summary(title="languages", text=header.legend(table), blocks=blocks)
    return summary_markdown(summary, header)


def latex(table: pd.DataFrame, header: Header) -> str:
    """The transfer table as LaTeX floats for ``booktabs``, one per base model.

    Args:
        table: from ``transfer_table``.
        header: the content of the caption.
    """
    legend = header.legend(table)
    floats = []
    for block in transfer_pivots(table, header):
        texts = (f"{header.study}, {block.title}", header.question, *header.notes, legend)
        caption = " ".join(text if text[-1] in ".?!" else f"{text}." for text in texts if text)
        frame = _frame(block)
        frame.columns = pd.Index(map(_latex, frame.columns))
        body = frame.map(_latex).to_latex(
            index=False, escape=False, column_format="l" + "r" * len(block.columns)
        )
        notes = [f"\\par\\footnotesize {_latex(text)}" for text in block.notes()]
        floats.append(
            "\n".join(
                [
                    r"\begin{table}",
                    r"\centering",
                    rf"\caption{{{_latex(caption)}}}",
                    body.strip(),
                    *notes,
                    r"\end{table}",
                ]
            )
        )
    return "% needs \\usepackage{booktabs}\n" + "\n\n".join(floats) + "\n"


def write_frame(stem: Path, frame: pd.DataFrame, schema: pa.Schema) -> None:
    """Write ``stem.parquet`` and ``stem.csv``."""
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
    path = stem.with_suffix(".parquet")
    with atomic_path(path) as temporary:
        # without the metadata of pandas, which include its version
        metadata = {CHECKSUM: checksum_of_rows(path, table, {})}
        pq.write_table(table.cast(with_metadata(table.schema, metadata)), temporary)
    write_text(stem.with_suffix(".csv"), frame.to_csv(index=False, lineterminator="\n"))


def write_tables(
    out_dir: Path, cells: Sequence[Cell], header: Header, trivial_baselines: Iterable[Path] = ()
) -> None:
    """Write all tables of a study, from the score files that exist.

    ``transfer.{parquet,csv,md,tex}``, ``languages.{parquet,csv,md}``, ``layers.{parquet,csv}``
    (retrieval only; else empty), ``trivial_baselines.{parquet,csv,md}`` and
    ``results.{parquet,csv}`` (all result rows).

    Args:
        out_dir: folder to write to.
        cells: all expected cells, in the order of the tables.
        header: heading and legend of the tables.
        trivial_baselines: their score files; those that do not exist are left out.

    Raises:
        UserError: a score file is invalid, or no cell belongs to the baseline.
    """
    rows = collect(cells)
    found = read_trivial_baselines(trivial_baselines)
    summary = Summary(
        title="trivial baselines",
        text=_BASELINE_LEGEND,
        blocks=tuple(trivial_baseline_pivots(found)),
    )
    write_frame(out_dir / "trivial_baselines", found, TRIVIAL_BASELINE_SCHEMA)
    write_text(out_dir / "trivial_baselines.md", summary_markdown(summary, header))
    header = replace(
        header,
        remarks=tuple(remarks(rows)),
        trivial_baselines=trivial_means(rows, found),
    )
    transfer = transfer_table(rows, cells, header.baseline)
    languages = language_table(rows, cells, header.baseline)
    write_frame(out_dir / "results", rows, RESULT_SCHEMA)
    write_frame(out_dir / "transfer", transfer, TRANSFER_SCHEMA)
    write_frame(out_dir / "languages", languages, LANGUAGE_SCHEMA)
    write_frame(out_dir / "layers", layer_table(rows, cells, header.baseline), LAYER_SCHEMA)
    write_text(out_dir / "transfer.md", markdown(transfer, header))
    write_text(out_dir / "languages.md", language_markdown(languages, header))
    write_text(out_dir / "transfer.tex", latex(transfer, header))
