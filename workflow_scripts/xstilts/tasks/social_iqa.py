"""Social IQa: the task that XTREME-R trains on before COPA, for XCOPA."""

from __future__ import annotations

from functools import partial

from xstilts.readers.hub_choices import read_choices
from xstilts.readers.social_iqa import read_social_iqa
from xstilts.tasks.base import Archive, HubSource, Release, Task


def _files(long: str, short: str) -> tuple[str, ...]:
    """Patterns of one file that contains its labels, else of a file and its labels file."""
    release = f"socialIQa_v1.4_{short}.jsonl"
    return (
        f"social_iqa/{release}",
        # the location that XTREME's download script writes to
        f"siqa/{release}",
        f"siqa/socialIQa_v1.4/{release}",
        f"socialIQa_v1.4/{release}",
        # the file and its labels: train.jsonl and train-labels.lst
        f"social_iqa/{long}[.-][jl]*",
        f"socialIQa_v1.4/{long}[.-][jl]*",
        f"socialiqa-train-dev/{long}[.-][jl]*",
    )


_ARCHIVE = Archive(
    url="https://storage.googleapis.com/ai2-mosaic/public/socialiqa/socialiqa-train-dev.zip",
    members=tuple(
        f"socialiqa-train-dev/{name}{end}"
        for name in ("train", "dev")
        for end in (".jsonl", "-labels.lst")
    ),
    sha256="ee073914a0fc33265cfbcfc50ec20df9b2e07809c3f420f599138d1f394ef5c3",
    size=2_198_056,
    seen="huggingface/datasets, datasets/social_i_qa/dataset_infos.json and social_i_qa.py",
)

TASK = Task(
    name="social_iqa",
    kind="multiple_choice",
    title="Which of three answers about people's motives and reactions fits the situation?",
    languages=("en",),
    files={"train": _files("train", "trn"), "validation": _files("dev", "dev")},
    read=read_social_iqa,
    release=Release(files=dict.fromkeys(("train", "validation"), (_ARCHIVE,))),
    hub=HubSource(
        repo="allenai/social_i_qa",
        revision="refs/convert/parquet",
        files={
            "train": ("default/train/*.parquet",),
            "validation": ("default/validation/*.parquet",),
        },
        read=partial(
            read_choices,
            choices=("answerA", "answerB", "answerC"),
            names=("1", "2", "3"),
            identifier=None,
        ),
    ),
    metric="accuracy",
    train="social_iqa",
    # google-research/xtreme, scripts/train_xcopa.sh, XLM-R large: batches of 2 x 16; the defaults
    # of transformers' Trainer have no warmup and no weight decay
    recipe={
        "learning_rate": 3e-5,
        "batch_size": 32,
        "epochs": 5.0,
        "warmup": 0.0,
        "weight_decay": 0.0,
        "max_length": 128,
    },
    sizes={"train": 33_410, "validation": 1_954},
    words=24,
    choices=3,
    microworld="continuation",
    stream="social_iqa",
    licence="CC BY 4.0",
    citation="@inproceedings{sap-etal-2019-social, "
    "title={Social IQa: Commonsense Reasoning about Social Interactions}, "
    "author={Sap, Maarten and Rashkin, Hannah and Chen, Derek and Le Bras, Ronan and Choi, Yejin}, "
    "booktitle={EMNLP}, year={2019}}",
    homepage="https://maartensap.com/social-iqa/",
)
