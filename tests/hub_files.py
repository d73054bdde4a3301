"""Original release files rendered as the hub's Parquet files, by other code than the readers'.

Each function does what the script did that made the repository's files; the numbers of labels are
the hub's.
"""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NLI = ["entailment", "neutral", "contradiction"]
UPOS = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split()

CLASS = {"label": {"names": NLI, "_type": "ClassLabel"}}
TAGS = {"pos_tags": {"feature": {"names": UPOS, "_type": "ClassLabel"}, "_type": "Sequence"}}
ANSWERS = pa.struct([("text", pa.list_(pa.string())), ("answer_start", pa.list_(pa.int32()))])


def write_parquet(
    path: Path,
    rows: Sequence[dict[str, Any]],
    features: dict[str, Any] | None = None,
    types: dict[str, pa.DataType] | None = None,
) -> Path:
    """Rows as a Parquet file with the metadata that ``datasets`` writes."""
    table = pa.Table.from_pylist(list(rows))
    for name, kind in (types or {}).items():
        position = table.schema.get_field_index(name)
        table = table.set_column(position, name, table.column(name).cast(kind))
    if features:
        info = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": info})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=100)
    return path


def nli(paths: Sequence[Path], out: Path) -> Path:
    """MultiNLI or XNLI from tab-separated tables."""
    rows = []
    for path in paths:
        with path.open(encoding="utf-8", newline="") as lines:
            header = "gold_label" in (first := lines.readline()) or first.endswith("label\n")
            lines.seek(0)
            # XTREME's tables were written by csv.writer, those with a header are plain
            quoting = csv.QUOTE_NONE if header else csv.QUOTE_MINIMAL
            for row in list(csv.reader(lines, delimiter="\t", quoting=quoting))[header:]:
                label = NLI.index(row[2].replace("contradictory", "contradiction"))
                rows.append({"premise": row[0], "hypothesis": row[1], "label": label})
    return write_parquet(out, rows, CLASS, {"label": pa.int64()})


def questions(paths: Sequence[Path], out: Path, *, strip: bool) -> Path:
    """SQuAD's JSON; XQuAD's script strips texts and leaves the offsets as they are."""

    def text(value: str) -> str:
        return value.strip() if strip else value

    rows = []
    for path in paths:
        for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
            for paragraph in article["paragraphs"]:
                for entry in paragraph["qas"]:
                    answers = entry["answers"]
                    rows.append(
                        {
                            "id": entry["id"],
                            "title": article.get("title", ""),
                            "context": text(paragraph["context"]),
                            "question": text(entry["question"]),
                            "answers": {
                                "text": [text(answer["text"]) for answer in answers],
                                "answer_start": [answer["answer_start"] for answer in answers],
                            },
                        }
                    )
    return write_parquet(out, rows, types={"answers": ANSWERS})


def tags(paths: Sequence[Path], out: Path) -> Path:
    """Universal Dependencies: every line with form and tag is a token, multiword tokens are not."""
    rows, tokens, found = [], [], []
    for path in paths:
        for line in path.read_text(encoding="utf-8").split("\n"):
            columns = line.split("\t")
            if len(columns) >= 10 and columns[1] != "_" and columns[3] != "_":
                tokens.append(columns[1])
                found.append(UPOS.index(columns[3]))
            if not line and tokens:
                rows.append({"tokens": tokens, "pos_tags": found})
                tokens, found = [], []
    return write_parquet(out, rows, TAGS)


def sentences(paths: Sequence[Path], out: Path) -> Path:
    """Tatoeba: line n beside line n, line ends included."""
    english, foreign = sorted(paths, key=lambda path: path.suffix != ".eng")
    sides = [path.read_text(encoding="utf-8").split("\n")[:-1] for path in (foreign, english)]
    rows = [
        {
            "source_sentence": f"{source}\n",
            "target_sentence": f"{target}\n",
            "source_lang": foreign.suffix[1:],
            "target_lang": "eng",
        }
        for source, target in zip(*sides, strict=True)
    ]
    return write_parquet(out, rows)


def render(task: str, paths: Sequence[Path], out: Path) -> Path:
    """The hub's file for the release files of a task."""
    if task in ("mnli", "xnli"):
        return nli(paths, out)
    if task in ("squad_v1", "xquad"):
        return questions(paths, out, strip=task == "xquad")
    return tags(paths, out) if task == "udpos" else sentences(paths, out)
