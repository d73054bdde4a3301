"""XCOPA: COPA in 11 languages, a target of XTREME-R.

XTREME-R trains on Social IQa, then on COPA: the strategy ``[social_iqa]``. The question is in
English, as there. The release is used unchanged, although some of its questions differ from those
of the translated English examples: all Thai ones ask for the effect.
"""

from __future__ import annotations

from xstilts.tasks import copa
from xstilts.tasks.base import Archive, HubSource, Release, Task, on_github


def _files(name: str) -> tuple[str, ...]:
    file = f"{name}.{{language}}.jsonl"
    return (
        f"xcopa/data/{{language}}/{file}",
        f"xcopa-master/data/{{language}}/{file}",
        # the location that XTREME's download script writes to
        f"xcopa/{file}",
    )


def _on_github(name: str) -> Archive:
    path = f"data/{{language}}/{name}.{{language}}.jsonl"
    commit = "e2e9d7f105a758ee869cd13e0fe251ef93a29840"
    return on_github("cambridgeltl/xcopa", commit, path, f"xcopa/{path}")


TASK = Task(
    name="xcopa",
    kind="multiple_choice",
    title="Which of two alternatives is the cause, or the effect, in another language?",
    languages=tuple("et ht id it qu sw ta th tr vi zh".split()),
    files={"validation": _files("val"), "test": _files("test")},
    read=copa.TASK.read,
    release=Release(files={"validation": (_on_github("val"),), "test": (_on_github("test"),)}),
    hub=HubSource(
        repo="cambridgeltl/xcopa",
        revision="main",
        files={
            "validation": ("{language}/validation-*.parquet", "{language}/validation/*.parquet"),
            "test": ("{language}/test-*.parquet", "{language}/test/*.parquet"),
        },
        read=copa.READ_HUB,
    ),
    metric="accuracy",
    train="copa",
    # the target stage trains on COPA
    recipe=copa.TASK.recipe,
    sizes={"validation": 100, "test": 500},
    words=12,
    choices=2,
    microworld="cause_effect",
    licence="CC BY 4.0",
    citation="@inproceedings{ponti-etal-2020-xcopa, "
    "title={XCOPA: A Multilingual Dataset for Causal Commonsense Reasoning}, "
    "author={Ponti, Edoardo Maria and Glavaš, Goran and Majewska, Olga and Liu, Qianchu and "
    "Vulić, Ivan and Korhonen, Anna}, booktitle={EMNLP}, year={2020}}",
    homepage="https://github.com/cambridgeltl/xcopa",
)
