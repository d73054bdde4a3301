"""XNLI: MultiNLI's question asked in 15 languages."""

from __future__ import annotations

from functools import partial

from xstilts.readers import hub_parquet
from xstilts.tasks import mnli
from xstilts.tasks.base import Archive, HubSource, Release, Task

_XNLI = Archive(
    url="https://dl.fbaipublicfiles.com/XNLI/XNLI-1.0.zip",
    members=("XNLI-1.0/xnli.dev.tsv", "XNLI-1.0/xnli.test.tsv"),
    sha256="4ba1d5e1afdb7161f0f23c66dc787802ccfa8a25a3ddd3b165a35e50df346ab1",
    size=17_865_352,
    seen="huggingface/datasets datasets/xnli/dataset_infos.json",
)

TASK = Task(
    name="xnli",
    kind="classification",
    title="Natural language inference on professionally translated pairs",
    languages=tuple("ar bg de el en es fr hi ru sw th tr ur vi zh".split()),
    files={
        # MultiNLI machine-translated, part of the release: for chains such as xnli@de
        "train": (
            "XNLI-MT-1.0/multinli/multinli.train.{language}.tsv",
            "xnli/XNLI-MT-1.0/multinli/multinli.train.{language}.tsv",
        ),
        "validation": (
            "xnli/dev-{language}.tsv",
            "xnli/XNLI-1.0/xnli.dev.tsv",
            "XNLI-1.0/xnli.dev.tsv",
        ),
        "test": (
            "xnli/test-{language}.labelled.tsv",
            "xnli/XNLI-1.0/xnli.test.tsv",
            "XNLI-1.0/xnli.test.tsv",
            # XTREME's download has no labels here; a copy that has them is read
            "xnli/test-{language}.tsv",
        ),
    },
    read=mnli.TASK.read,
    release=Release(
        files={
            "train": (
                Archive(
                    url="https://dl.fbaipublicfiles.com/XNLI/XNLI-MT-1.0.zip",
                    members=("XNLI-MT-1.0/multinli/multinli.train.*.tsv",),
                    sha256="f732517ba2fb1d550e9f3c2aabaef6017c91ee2dcec90e878f138764d224db05",
                    size=466_098_360,
                    seen="huggingface/datasets datasets/xnli/dataset_infos.json",
                ),
            ),
            "validation": (_XNLI,),
            "test": (_XNLI,),
        }
    ),
    hub=HubSource(
        repo="facebook/xnli",
        revision="main",
        files={
            "train": ("{language}/train-*.parquet", "{language}/train/*.parquet"),
            "validation": ("{language}/validation-*.parquet", "{language}/validation/*.parquet"),
            "test": ("{language}/test-*.parquet", "{language}/test/*.parquet"),
        },
        read=partial(hub_parquet.read_pairs, labels=mnli.LABELS, names=mnli.HUB_NAMES),
    ),
    labels=mnli.LABELS,
    metric="accuracy",
    train="mnli",
    # the target stage trains on MultiNLI
    recipe=mnli.TASK.recipe,
    sizes={"train": 392_702, "validation": 2_490, "test": 5_010},
    download=483_963_712,
    words=25,
    microworld="nli",
    licence="CC BY-NC 4.0",
    citation="@inproceedings{conneau-etal-2018-xnli, "
    "title={XNLI: Evaluating Cross-lingual Sentence Representations}, "
    "author={Conneau, Alexis and Rinott, Ruty and Lample, Guillaume and Williams, Adina and "
    "Bowman, Samuel and Schwenk, Holger and Stoyanov, Veselin}, "
    "booktitle={EMNLP}, year={2018}}",
    homepage="https://github.com/facebookresearch/XNLI",
)
