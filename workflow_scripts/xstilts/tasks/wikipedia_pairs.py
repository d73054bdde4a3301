"""English mentions in Wikipedia with their entities: the training data of Mewsli-X."""

from __future__ import annotations

from xstilts.readers.mewslix import read_wikipedia_pairs
from xstilts.tasks.base import Archive, Release, Task


def _patterns(split: str) -> tuple[str, ...]:
    # folders of XTREME's download script, and of the release's script
    return tuple(
        f"{folder}/wikipedia_pairs-{split}.jsonl"
        for folder in ("mewslix", "mewsli_x/output/dataset")
    )


_ARCHIVE = Archive(
    url="https://storage.googleapis.com/gresearch/mewsli/mewsli-x_20220518_6.zip",
    members=("wikipedia_pairs-train.jsonl", "wikipedia_pairs-dev.jsonl"),
    into="mewslix",
    seen="google-research/google-research, dense_representations_for_entity_retrieval/mel/"
    "get-mewsli-x.sh and mewsli-x.md",
    unverified="the names of the members, listed only after the release's script has run",
)

TASK = Task(
    name="wikipedia_pairs",
    kind="ranking",
    title="Which entity of a pool does the mention in Wikipedia refer to?",
    languages=("en",),
    files={"train": _patterns("train"), "validation": _patterns("dev")},
    read=read_wikipedia_pairs,
    release=Release(files=dict.fromkeys(("train", "validation"), (_ARCHIVE,))),
    metric="map_at_20",
    train="wikipedia_pairs",
    # google-research/xtreme train_mewslix.sh: 4 batches of 64 for mBERT, each with 64 candidates;
    # here all candidates of a step are compared. 1e-5 is its learning rate for XLM-R large (2e-5
    # for mBERT), both chosen there on the dev set
    recipe={
        "learning_rate": 1e-5,
        "batch_size": 256,
        "epochs": 2.0,
        "warmup": 0.0,
        "weight_decay": 0.0,
        "max_length": 64,
        "eval_steps": 100,
    },
    microworld="mentions",
    licence="see the release's page; text of Wikipedia",
    citation="@inproceedings{ruder-etal-2021-xtreme, "
    "title={{XTREME-R}: Towards More Challenging and Nuanced Multilingual Evaluation}, "
    "author={Ruder, Sebastian and Constant, Noah and Botha, Jan and others}, "
    "booktitle={EMNLP}, year={2021}}",
    homepage="https://github.com/google-research/google-research/tree/master/"
    "dense_representations_for_entity_retrieval/mel",
)
