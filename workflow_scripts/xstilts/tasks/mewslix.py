"""Mewsli-X: which of a million entities does a mention in the news refer to?"""

from __future__ import annotations

from xstilts.readers.mewslix import ENTITIES, read_mewslix
from xstilts.tasks.base import Release, Task


def _patterns(split: str) -> tuple[str, ...]:
    mentions = f"wikinews_mentions-{split}.jsonl"
    # folders of XTREME's download script, and of the release's script
    folders = ("mewslix", "mewsli_x/output/dataset")
    return tuple(f"{folder}/{ENTITIES} + {folder}/{mentions}" for folder in folders)


TASK = Task(
    name="mewslix",
    kind="ranking",
    title="Which of a million entities does the mention in the news refer to?",
    languages=("ar", "de", "en", "es", "fa", "ja", "pl", "ro", "ta", "tr", "uk"),
    files={"validation": _patterns("dev"), "test": _patterns("test")},
    read=read_mewslix,
    # XTREME-R's map@20: one entity is right, so it is the mean reciprocal rank
    release=Release(
        files={},
        lacks="its archive lacks the text of the news: run get-mewsli-x.sh, which restores it",
    ),
    metric="map_at_20",
    # English mentions and entities of Wikipedia
    train="wikipedia_pairs",
    # google-research/xtreme run_eval_mewslix.sh
    recipe={"max_length": 64},
    microworld="mentions",
    licence="see the release's page; text of Wikipedia and WikiNews",
    citation="@inproceedings{ruder-etal-2021-xtreme, "
    "title={{XTREME-R}: Towards More Challenging and Nuanced Multilingual Evaluation}, "
    "author={Ruder, Sebastian and Constant, Noah and Botha, Jan and others}, "
    "booktitle={EMNLP}, year={2021}}",
    homepage="https://github.com/google-research/google-research/tree/master/"
    "dense_representations_for_entity_retrieval/mel",
)
