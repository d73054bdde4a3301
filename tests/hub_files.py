"""Original release files rendered as the hub's Parquet files, by other code than the readers'.

Each function does what the script did that made the repository's files; the numbers of labels are
the hub's.
"""

from __future__ import annotations

import csv
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
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


def labelled_lines(paths: Sequence[Path], out: Path) -> Path:
    """SNLI's JSON lines: -1 stands for a pair without gold label."""
    rows = []
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            label = NLI.index(item["gold_label"]) if item["gold_label"] in NLI else -1
            pair = {"premise": item["sentence1"], "hypothesis": item["sentence2"]}
            rows.append(pair | {"label": label})
    return write_parquet(out, rows, CLASS)


def paraphrases(paths: Sequence[Path], out: Path) -> Path:
    """PAWS-X from XTREME's tables; the repository's numbers are the labels."""
    rows = []
    for path in paths:
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.reader(lines, delimiter="\t"):
                rows.append({"sentence1": row[0], "sentence2": row[1], "label": int(row[2])})
    return write_parquet(out, rows, {"label": {"names": ["0", "1"], "_type": "ClassLabel"}})


def names(paths: Sequence[Path], out: Path) -> Path:
    """Tokens and tags of one line each, in the order of the repositories' tags, without names."""
    order = "O B-PER I-PER B-ORG I-ORG B-LOC I-LOC B-DATE I-DATE".split()
    rows = []
    for path in paths:
        for block in path.read_text(encoding="utf-8").split("\n\n"):
            pairs = [line.rsplit(maxsplit=1) for line in block.split("\n") if line]
            found = [order.index(tag) for _, tag in pairs]
            if pairs:
                rows.append({"tokens": [token for token, _ in pairs], "ner_tags": found})
    return write_parquet(out, rows)


def choices(paths: Sequence[Path], out: Path) -> Path:
    """JSON lines as they are, but for CommonsenseQA's choices."""
    rows = []
    for path in paths:
        for line in path.read_text(encoding="utf-8").split("\n"):
            item = json.loads(line) if line else None
            if item and isinstance(item.get("question"), dict):
                listed = item["question"]["choices"]
                item["choices"] = {key: [c[key] for c in listed] for key in ("label", "text")}
                item["question"] = item["question"]["stem"]
            if item:
                rows.append(item)
    return write_parquet(out, rows)


def comma_separated(paths: Sequence[Path], out: Path) -> Path:
    """Cosmos QA's table with numbers as labels."""
    rows = []
    for path in paths:
        with path.open(encoding="utf-8", newline="") as lines:
            rows += [row | {"label": int(row["label"])} for row in csv.DictReader(lines)]
    return write_parquet(out, rows)


RENDERERS: dict[str, Callable[[Sequence[Path], Path], Path]] = {
    "mnli": nli,
    "xnli": nli,
    "snli": labelled_lines,
    "pawsx": paraphrases,
    "squad_v1": partial(questions, strip=False),
    "squad_v2": partial(questions, strip=False),
    "xquad": partial(questions, strip=True),
    "mlqa": partial(questions, strip=True),
    "tydiqa": partial(questions, strip=True),
    "udpos": tags,
    "panx": names,
    "masakhaner1": names,
    "masakhaner2": names,
    "tatoeba": sentences,
    "hellaswag": choices,
    "commonsenseqa": choices,
    "copa": choices,
    "xcopa": choices,
    "cosmosqa": comma_separated,
}


def render(task: str, paths: Sequence[Path], out: Path) -> Path:
    """The hub's file for the release files of a task."""
    return RENDERERS[task](paths, out)
