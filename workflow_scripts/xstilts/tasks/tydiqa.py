"""TyDiQA-GoldP: questions asked by speakers of nine languages, with their own training sets."""

from __future__ import annotations

from functools import partial

from xstilts.readers.hub_parquet import read_questions
from xstilts.readers.tydiqa import NAMES, read_tydiqa
from xstilts.tasks.base import HubSource, Task

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
