"""TyDiQA-GoldP: questions asked by speakers of nine languages, with their own training sets."""

from __future__ import annotations

from functools import partial

from xstilts.readers.hub_parquet import read_questions
from xstilts.readers.tydiqa import NAMES, read_tydiqa
from xstilts.tasks.base import Archive, HubSource, Release, Task

_TRAIN = "tydiqa-goldp-v1.1-train"
_DEV = "tydiqa-goldp-v1.1-dev"
# GoldP has no public test set: XTREME and jiant both evaluate on the development set
_EVALUATED = (
    f"tydiqa/{_DEV}/tydiqa-goldp-dev-{{code}}.json",
    f"tydiqa/{_DEV}.json",
    f"{_DEV}.json",
    # renamed by XTREME's script, which also removes the answers; reading it is an error
    f"tydiqa/{_DEV}/tydiqa.goldp.{{language}}.dev.json",
)

# training and development questions; their sums are those of the release, 49,881 and 5,077
_COUNTED = {
    "ar": (14_805, 921), "bn": (2_390, 113), "en": (3_696, 440), "fi": (6_855, 782),
    "id": (5_702, 565), "ko": (1_625, 276), "ru": (6_490, 812), "sw": (2_755, 499),
    "te": (5_563, 669),
}  # fmt: skip

_SEEN = "tensorflow/datasets, text/xtreme/checksums.tsv"
_DEV_FILE = Archive(
    url=f"https://storage.googleapis.com/tydiqa/v1.1/{_DEV}.json",
    into=f"tydiqa/{_DEV}.json",
    sha256="b286e0f34bc7f52259359989716f369b160565bd12ad8f3a3e311f9b0dbad1c0",
    size=5_617_409,
    seen=_SEEN,
)

TASK = Task(
    name="tydiqa",
    kind="span",
    title="Which words of the passage answer a question asked without having seen it?",
    languages=tuple(NAMES),
    files={
        "train": (
            f"tydiqa/{_TRAIN}.json",
            f"tydiqa/{_TRAIN}/{_TRAIN}.json",
            f"{_TRAIN}.json",
            f"tydiqa/{_TRAIN}/tydiqa.goldp.{{language}}.train.json",
            f"tydiqa/{_TRAIN}/tydiqa.{{language}}.train.json",
            "tydiqa/tydiqa.{language}.train.json",
        ),
        "validation": _EVALUATED,
        "test": _EVALUATED,
    },
    codes=NAMES,
    read=read_tydiqa,
    release=Release(
        files={
            "train": (
                Archive(
                    url=f"https://storage.googleapis.com/tydiqa/v1.1/{_TRAIN}.json",
                    into=f"tydiqa/{_TRAIN}.json",
                    sha256="cefc8e09ff2548d9b10a678d3a6bbbe5bc036be543f92418819ea676c97be23b",
                    size=58_004_076,
                    seen=_SEEN,
                ),
            ),
            "validation": (_DEV_FILE,),
            "test": (_DEV_FILE,),
        }
    ),
    hub=HubSource(
        repo="google-research-datasets/tydiqa",
        revision="da78f23f9119363459acbaf46bf89426ff26c259",
        files={
            "train": ("secondary_task/train-*.parquet", "secondary_task/train/*.parquet"),
            "validation": (
                "secondary_task/validation-*.parquet",
                "secondary_task/validation/*.parquet",
            ),
            "test": ("secondary_task/validation-*.parquet", "secondary_task/validation/*.parquet"),
        },
        differs="no spaces around contexts and questions",
        read=partial(
            read_questions,
            stripped=True,
            id_prefix={code: f"{name}-" for code, name in NAMES.items()},
        ),
    ),
    metric="mean_em_f1",
    train="tydiqa",
    # jiant's XTREME guide: batches of 4 x 4
    recipe={
        "learning_rate": 1e-5,
        "batch_size": 16,
        "epochs": 2.0,
        "warmup": 0.1,
        "weight_decay": 0.01,
        "max_length": 384,
        "doc_stride": 128,
    },
    sizes_of={
        code: {"train": train, "validation": evaluated, "test": evaluated}
        for code, (train, evaluated) in _COUNTED.items()
    },
    words=105,
    microworld="qa",
    stream="tydiqa",
    licence="Apache 2.0",
    citation="@article{clark-etal-2020-tydi, "
    "title={{TyDi} {QA}: A Benchmark for Information-Seeking Question Answering in "
    "Typologically Diverse Languages}, author={Clark, Jonathan H. and others}, "
    "journal={TACL}, year={2020}}",
    homepage="https://github.com/google-research-datasets/tydiqa",
)
