"""COPA in SuperGLUE's split: the English training data of XCOPA.

SuperGLUE's test set has no labels; that of COPA's original release has them, and is the source of
XCOPA's translations. The original has one development set of 500, which SuperGLUE split into 400
for training and 100 for validation: XCOPA's validation sets are translations of those 100.
"""

from __future__ import annotations

from functools import partial

from xstilts.readers.copa import QUESTIONS, read_copa
from xstilts.readers.hub_choices import read_choices
from xstilts.tasks.base import Archive, HubSource, Release, Task

READ_HUB = partial(
    read_choices,
    context="premise",
    choices=("choice1", "choice2"),
    names=("0", "1"),
    identifier="idx",
    questions=QUESTIONS,
)

_SUPERGLUE = Archive(
    url="https://dl.fbaipublicfiles.com/glue/superglue/data/v2/COPA.zip",
    members=("COPA/train.jsonl", "COPA/val.jsonl"),
    sha256="405906cddac74bc1e1ce8220f1107d1025b66a25ef10149d91b10bb30651125f",
    size=43_986,
    seen="huggingface/datasets, datasets/super_glue/urls_checksums/checksums.txt; names of the "
    "members: google-research/xtreme, scripts/download_data.sh",
)

TASK = Task(
    name="copa",
    kind="multiple_choice",
    title="Which of two alternatives is the cause, or the effect, of the premise?",
    languages=("en",),
    files={
        "train": (
            "copa/train.jsonl",
            "COPA/train.jsonl",
            "xcopa/copa-en/train.jsonl",
            # the location that XTREME's download script writes to
            "xcopa/train.{language}.jsonl",
            "copa/copa-dev.xml",
            "COPA-resources/datasets/copa-dev.xml",
        ),
        "validation": (
            "copa/val.jsonl",
            "COPA/val.jsonl",
            "xcopa/copa-en/val.jsonl",
            "xcopa/val.{language}.jsonl",
        ),
        "test": ("copa/copa-test.xml", "COPA-resources/datasets/copa-test.xml"),
    },
    read=read_copa,
    release=Release(
        files={
            "train": (_SUPERGLUE,),
            "validation": (_SUPERGLUE,),
            "test": (
                Archive(
                    url="https://asgordon.github.io/downloads/COPA-resources.tgz",
                    members=("COPA-resources/datasets/copa-test.xml",),
                    sha256="5145348834d2081ad90da0397d1db3d70fa044e506bd8ce224194d24b04cdbbe",
                    seen="github.com/asgordon/asgordon.github.io, downloads; checksum: "
                    "facebookresearch/ParlAI, parlai/tasks/copa/build.py, of the former address",
                ),
            ),
        }
    ),
    hub=HubSource(
        repo="aps/super_glue",
        revision="refs/convert/parquet",
        files={
            "train": ("copa/train/*.parquet",),
            "validation": ("copa/validation/*.parquet",),
        },
        read=READ_HUB,
    ),
    metric="accuracy",
    train="copa",
    # google-research/xtreme, scripts/train_xcopa.sh, XLM-R large: batches of 2 x 16; the defaults
    # of transformers' Trainer have no warmup and no weight decay. Training continues with the head
    # of Social IQa: 400 examples are too few for a new one.
    recipe={
        "learning_rate": 3e-5,
        "batch_size": 32,
        "epochs": 5.0,
        "warmup": 0.0,
        "weight_decay": 0.0,
        "keep_head": True,
        "max_length": 128,
    },
    sizes={"train": 400, "validation": 100, "test": 500},
    differs="the original release has 500 development examples, which SuperGLUE divides into "
    "training and validation data",
    words=15,
    choices=2,
    microworld="cause_effect",
    licence="BSD 2-Clause",
    citation="@inproceedings{roemmele-etal-2011-choice, "
    "title={Choice of Plausible Alternatives: An Evaluation of Commonsense Causal Reasoning}, "
    "author={Roemmele, Melissa and Bejan, Cosmin Adrian and Gordon, Andrew S.}, "
    "booktitle={AAAI Spring Symposium}, year={2011}}",
    homepage="https://people.ict.usc.edu/~gordon/copa.html",
)
