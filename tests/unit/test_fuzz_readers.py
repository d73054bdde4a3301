"""No damage to a file of a release ends in an exception other than the project's own."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pytest
from test_readers_bucc import DEV, TEST
from test_readers_bucc import write as write_bucc
from test_readers_ccgbank import ID, LINE, TREE
from test_readers_choices import COPA, COPA_XML, COSMOS, CSQA, HELLASWAG, SIQA, csv_text
from test_readers_lareqa import write as write_lareqa
from test_readers_mewslix import ANN, KOELN, article
from test_readers_mewslix import write as write_mewslix
from test_readers_tydiqa import write as write_tydiqa

from hub_files import RENDERERS, render
from mutations import mutated, mutated_json
from release_files import write_release_files
from xstilts.data.schemas import SCHEMAS
from xstilts.data.text import TextFiles, plain_text
from xstilts.errors import UserError
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from xstilts.kinds import Row

SEED = 18
OTHERS = {("copa", ".xml"), ("cosmosqa", ".jsonl")}
"""Formats that the hub has no counterpart of."""
QQP = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n7\t1\t2\tWho is it?\tWho was it?\t1\n"
PANX = "en:Ann\tB-PER\nen:ran\tO\n\nen:Köln\tB-LOC\n\n"
SNLI = {"sentence1": "a", "sentence2": "b", "gold_label": "neutral"}
SQUAD_V2 = {
    "data": [
        {
            "paragraphs": [
                {
                    "context": "Ann sat.",
                    "qas": [
                        {
                            "id": "q1",
                            "question": "Who?",
                            "is_impossible": False,
                            "answers": [{"text": "Ann", "answer_start": 0}],
                        },
                        {"id": "q2", "question": "Why?", "is_impossible": True, "answers": []},
                    ],
                }
            ]
        }
    ]
}


class Sample(NamedTuple):
    """Valid files of a task."""

    task: str
    language: str
    files: list[Path]
    hub: bool = False

    def rows(self) -> Iterator[Row]:
        """Read the files as a job does."""
        task = TASKS[self.task]
        if not self.hub:
            return task.read(self.files, self.language)
        assert task.hub
        return task.hub.read(self.files, self.language)


def lines(*items: Mapping[str, Any]) -> str:
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)


def samples(root: Path) -> list[Sample]:
    """Small valid files for every reader."""
    release = write_release_files(root / "release")
    pair = [release / f"tatoeba/tatoeba.deu-eng.{side}" for side in ("deu", "eng")]
    found = [
        Sample("mnli", "en", [release / "mnli/multinli.train.en.tsv"]),
        Sample("xnli", "de", [release / "xnli/test-de.labelled.tsv"]),
        Sample("squad_v1", "en", [release / "squad/train-v1.1.json"]),
        Sample("xquad", "de", [release / "xquad/xquad.de.json"]),
        Sample("tatoeba", "de", pair),
        Sample("udpos", "en", [release / "ud/UD_English-EWT/en_ewt-ud-test.conllu"]),
    ]
    written = (
        ("snli", "d.jsonl", lines(SNLI, SNLI)),
        ("anli", "d.jsonl", lines({"context": "a", "hypothesis": "b", "label": "e"})),
        ("qqp", "train.tsv", QQP),
        ("panx", "test", PANX),
        ("ccg", "wsj_0001.auto", f"{ID}\n{TREE}\n"),
        ("ccg", "wsj00.stagged", f"# x\n\n{LINE}\n"),
        ("copa", "copa.xml", COPA_XML),
        ("xcopa", "val.jsonl", lines(COPA, COPA | {"idx": 1})),
        ("commonsenseqa", "train.jsonl", lines(CSQA)),
        ("cosmosqa", "train.csv", csv_text(COSMOS)),
        ("cosmosqa", "train.jsonl", lines(COSMOS)),
        ("hellaswag", "train.jsonl", lines(HELLASWAG)),
        ("social_iqa", "train.jsonl", lines(SIQA | {"correct": "A"})),
        ("squad_v2", "train.json", json.dumps(SQUAD_V2)),
    )
    for number, (task, name, text) in enumerate(written):
        path = root / str(number) / name
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        found.append(Sample(task, "en", [path]))
    siqa = root / "siqa/train.jsonl"
    siqa.parent.mkdir()
    siqa.write_text(lines(SIQA, SIQA))
    siqa.with_name("train-labels.lst").write_text("1\n2\n")
    bucc = write_bucc(root / "bucc", "dev", DEV) + write_bucc(root / "bucc", "test", TEST)
    news = write_mewslix(root / "news", [article("de", KOELN), article("de", ANN)])
    found += [
        Sample("social_iqa", "en", [siqa, siqa.with_name("train-labels.lst")]),
        Sample("bucc2018", "de", bucc),
        Sample("lareqa", "de", write_lareqa(root)),
        Sample("mewslix", "de", news),
        Sample("tydiqa", "sw", [write_tydiqa(root / "goldp/all.json", "swahili-1-2")]),
    ]
    for sample in list(found):
        if sample.task in RENDERERS and (sample.task, sample.files[0].suffix) not in OTHERS:
            path = root / f"hub/{sample.task}-{sample.files[0].name}.parquet"
            path.parent.mkdir(exist_ok=True)
            render(sample.task, sample.files, path)
            found.append(Sample(sample.task, sample.language, [path], hub=True))
    return found


def faults(root: Path, count: int) -> tuple[list[str], int]:
    """Damage files and read them.

    Returns:
        The exceptions that are not the project's own, and the number of files that were refused.
    """
    draw, wrong, refused = random.Random(SEED), [], 0
    known = samples(root)
    # the hub's are read by a library, in 20 ms each
    quick = [sample for sample in known if not sample.hub]
    for number in range(count):
        sample = draw.choice(known if number % 20 == 0 else quick)
        path = draw.choice(sample.files)
        content = path.read_bytes()
        is_json = path.suffix in (".json", ".jsonl")
        path.write_bytes((mutated_json if is_json else mutated)(content, draw))
        try:
            rows = list(sample.rows())
            # as the job writes them: what cannot be written has to be refused by the reader
            pa.Table.from_pylist(rows, schema=SCHEMAS[TASKS[sample.task].kind])
            json.dumps(rows, ensure_ascii=False).encode()
        except UserError as error:
            refused += 1
            if not any(file.name in str(error) for file in sample.files):
                wrong.append(f"{number}: {sample.task}: no file in: {error}")
        except Exception as error:
            kept = path.read_bytes()[:300]
            wrong.append(f"{number}: {sample.task} {path.name}: {error!r:.300} {kept!r}")
        finally:
            path.write_bytes(content)
    return wrong, refused


def test_every_sample_is_valid(tmp_path: Path) -> None:
    for sample in samples(tmp_path):
        assert list(sample.rows()), sample


@pytest.mark.parametrize("count", [pytest.param(500), pytest.param(5_500, marks=pytest.mark.full)])
def test_damaged_releases_end_in_one_message(tmp_path: Path, count: int) -> None:
    wrong, refused = faults(tmp_path, count)
    assert not wrong, wrong[:10]
    assert refused > count / 4


def test_text_in_any_bytes_is_read_or_refused(tmp_path: Path) -> None:
    draw, path = random.Random(SEED), tmp_path / "a.txt"
    for _ in range(100):
        path.write_bytes(mutated("Ein Satz.\nКот спит 😀.\n".encode(), draw))
        try:
            rows = list(plain_text([TextFiles((path,))]))
        except UserError as error:
            assert str(path) in str(error)
        else:
            json.dumps(rows, ensure_ascii=False).encode()
