"""MultiNLI: the English training data of XNLI, and the paper's first intermediate task."""

from __future__ import annotations

from functools import partial

from xstilts.readers import hub_parquet
from xstilts.readers.tsv import read_pairs
from xstilts.tasks.base import Archive, HubSource, Release, Task

# XTREME's order. Hubs number these labels differently; the workflow maps them by name.
LABELS = ("contradiction", "entailment", "neutral")

# The hub's order, for repositories whose files hold numbers without names
HUB_NAMES = ("entailment", "neutral", "contradiction")

TASK = Task(
    name="mnli",
    kind="classification",
    title="Does the premise entail the hypothesis, contradict it, or neither?",
    languages=("en",),
    files={
        "train": (
            "mnli/multinli.train.{language}.tsv",
            "mnli/multinli.train.{language}.jsonl",
            "mnli/multinli_1.0_train.jsonl",
            "multinli_1.0/multinli_1.0_train.jsonl",
            "XNLI-MT-1.0/multinli/multinli.train.{language}.tsv",
            "xnli/XNLI-MT-1.0/multinli/multinli.train.{language}.tsv",
            "xnli/train-{language}.tsv",
        ),
        "validation": (
            "mnli/multinli.dev.{language}.tsv",
            "mnli/multinli.dev.{language}.jsonl",
            "mnli/multinli_1.0_dev_matched.jsonl",
            "multinli_1.0/multinli_1.0_dev_matched.jsonl",
        ),
    },
    read=partial(read_pairs, labels=LABELS),
    release=Release(
        files=dict.fromkeys(
            ("train", "validation"),
            (
                Archive(
                    url="https://cims.nyu.edu/~sbowman/multinli/multinli_1.0.zip",
                    members=(
                        "multinli_1.0/multinli_1.0_train.jsonl",
                        "multinli_1.0/multinli_1.0_dev_matched.jsonl",
                    ),
                    sha256="049f507b9e36b1fcb756cfd5aeb3b7a0cfcb84bf023793652987f7e7e0957822",
                    size=226_850_426,
                    seen="tensorflow/datasets url_checksums/multi_nli.txt",
                ),
            ),
        )
    ),
    hub=HubSource(
        repo="nyu-mll/glue",
        revision="bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c",
        # after each, the layout of the branch refs/convert/parquet, which a study may pin
        files={
            "train": ("mnli/train-*.parquet", "mnli/train/*.parquet"),
            "validation": (
                "mnli/validation_matched-*.parquet",
                "mnli/validation_matched/*.parquet",
            ),
        },
        read=partial(hub_parquet.read_pairs, labels=LABELS, names=HUB_NAMES),
    ),
    labels=LABELS,
    metric="accuracy",
    train="mnli",
    # jiant's XTREME guide, the column XNLI (which trains on MultiNLI): batches of 4 x 8
    recipe={
        "learning_rate": 1e-5,
        "batch_size": 32,
        "epochs": 2.0,
        "warmup": 0.1,
        "weight_decay": 0.01,
        "max_length": 256,
    },
    sizes={"train": 392_702, "validation": 9_815},
    download=312_783_507,
    words=30,
    microworld="nli",
    licence="OANC licence, CC BY 3.0 and CC BY-SA 3.0, by source of the text",
    citation="@inproceedings{williams-etal-2018-broad, "
    "title={A Broad-Coverage Challenge Corpus for Sentence Understanding through Inference}, "
    "author={Williams, Adina and Nangia, Nikita and Bowman, Samuel}, "
    "booktitle={NAACL}, year={2018}}",
    homepage="https://cims.nyu.edu/~sbowman/multinli/",
)
