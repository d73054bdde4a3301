"""MLQA: questions about Wikipedia in seven languages, written or translated by humans."""

from __future__ import annotations

from functools import partial

from xstilts.readers.hub_parquet import read_questions
from xstilts.readers.squad_json import read_squad
from xstilts.tasks import squad_v1
from xstilts.tasks.base import Archive, HubSource, Release, Task

# Of the 49 pairs of languages XTREME scores the seven with question and context in the same
_FILE = "{split}-context-{{language}}-question-{{language}}.json"


def _patterns(split: str) -> tuple[str, ...]:
    file = _FILE.format(split=split)
    return (f"mlqa/MLQA_V1/{split}/{file}", f"MLQA_V1/{split}/{file}", f"mlqa/{split}/{file}")


_ARCHIVE = Archive(
    url="https://dl.fbaipublicfiles.com/MLQA/MLQA_V1.zip",
    members=tuple(
        f"MLQA_V1/{split}/{split}-context-{code}-question-{code}.json"
        for split in ("dev", "test")
        for code in ("ar", "de", "en", "es", "hi", "vi", "zh")
    ),
    sha256="246e8089933d13007fe80684d5c5c0713d6834cf8b3b4a0ec7c66f0a0d2baac8",
    size=75_719_050,
    seen="tensorflow/datasets, text/xtreme/checksums.tsv and xtreme.py",
)

TASK = Task(
    name="mlqa",
    kind="span",
    title="Which words of the paragraph answer the question, in seven languages?",
    languages=("ar", "de", "en", "es", "hi", "vi", "zh"),
    files={"validation": _patterns("dev"), "test": _patterns("test")},
    read=read_squad,
    release=Release(files=dict.fromkeys(("validation", "test"), (_ARCHIVE,))),
    hub=HubSource(
        repo="google/xtreme",
        revision="main",
        files={
            "validation": (
                "MLQA.{language}.{language}/validation-*.parquet",
                "MLQA.{language}.{language}/validation/*.parquet",
            ),
            "test": (
                "MLQA.{language}.{language}/test-*.parquet",
                "MLQA.{language}.{language}/test/*.parquet",
            ),
        },
        differs="no spaces around contexts and questions",
        # the script that made the files stripped contexts, but left the offsets as they were
        read=partial(read_questions, stripped=True),
    ),
    metric="mean_em_f1",
    scorer="mlqa",
    train="squad_v1",
    # the target stage trains on SQuAD; jiant's XTREME guide has the same column for both
    recipe=squad_v1.TASK.recipe,
    sizes={"validation": (500, 1_148), "test": (4_517, 11_590)},
    sizes_of={
        code: {"validation": validation, "test": test}
        for code, validation, test in (
            ("en", 1_148, 11_590),
            ("ar", 517, 5_335),
            ("de", 512, 4_517),
            ("es", 500, 5_253),
            ("hi", 507, 4_918),
            ("vi", 511, 5_495),
            ("zh", 504, 5_137),
        )
    },
    download=75_719_050,
    words=172,
    microworld="qa",
    licence="CC BY-SA 3.0",
    citation="@inproceedings{lewis-etal-2020-mlqa, "
    "title={{MLQA}: Evaluating Cross-lingual Extractive Question Answering}, "
    "author={Lewis, Patrick and Oguz, Barlas and Rinott, Ruty and Riedel, Sebastian and "
    "Schwenk, Holger}, booktitle={ACL}, year={2020}}",
    homepage="https://github.com/facebookresearch/MLQA",
)
