"""SNLI: natural language inference on captions of photographs; a part of ANLI+."""

from __future__ import annotations

from functools import partial

from xstilts.readers import hub_parquet
from xstilts.tasks import mnli
from xstilts.tasks.base import Archive, HubSource, Release, Task


def _patterns(name: str) -> tuple[str, ...]:
    file = f"snli_1.0_{name}.jsonl"
    return (f"snli/{file}", f"snli/snli_1.0/{file}", f"snli_1.0/{file}")


_ARCHIVE = Archive(
    url="https://nlp.stanford.edu/projects/snli/snli_1.0.zip",
    members=tuple(f"snli_1.0/snli_1.0_{name}.jsonl" for name in ("train", "dev", "test")),
    sha256="afb3d70a5af5d8de0d9d81e2637e0fb8c22d1235c2749d83125ca43dab0dbd3e",
    size=94_550_081,
    seen="tensorflow/datasets, url_checksums/snli.txt",
)

TASK = Task(
    name="snli",
    kind="classification",
    title="Does one caption entail another, contradict it, or neither?",
    languages=("en",),
    # pairs with the gold label "-" are left out: 549,367 of 550,152 remain in the training set
    files={
        "train": _patterns("train"),
        "validation": _patterns("dev"),
        "test": _patterns("test"),
    },
    read=mnli.TASK.read,
    release=Release(files=dict.fromkeys(("train", "validation", "test"), (_ARCHIVE,))),
    hub=HubSource(
        repo="stanfordnlp/snli",
        revision="cdb5c3d5eed6ead6e5a341c8e56e669bb666725b",
        files={
            "train": ("plain_text/train-*.parquet", "plain_text/train/*.parquet"),
            "validation": ("plain_text/validation-*.parquet", "plain_text/validation/*.parquet"),
            "test": ("plain_text/test-*.parquet", "plain_text/test/*.parquet"),
        },
        read=partial(hub_parquet.read_pairs, labels=mnli.LABELS, names=mnli.HUB_NAMES),
    ),
    labels=mnli.LABELS,
    metric="accuracy",
    train="snli",
    recipe=mnli.TASK.recipe,
    # with a gold label (paper, and the processed copies on the hub)
    sizes={"train": 549_367, "validation": 9_842, "test": 9_824},
    download=94_550_000,
    words=21,
    microworld="nli",
    stream="snli",
    licence="CC BY-SA 4.0",
    citation="@inproceedings{bowman-etal-2015-large, "
    "title={A Large Annotated Corpus for Learning Natural Language Inference}, "
    "author={Bowman, Samuel R. and Angeli, Gabor and Potts, Christopher and Manning, "
    "Christopher D.}, booktitle={EMNLP}, year={2015}}",
    homepage="https://nlp.stanford.edu/projects/snli/",
)
