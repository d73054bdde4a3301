"""A study of tasks that it declares itself, from CSV files and from a repository, to the report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from hub_server import COMMIT, Hub, serving
from own_studies import TOPICS, write_topics

if TYPE_CHECKING:
    from pathlib import Path

    from checkout import Checkout

pytestmark = [pytest.mark.workflow, pytest.mark.full]

NAMES = {
    "kind": "tagging",
    "hub": {
        "repository": "me/names",
        "files": {"train": "{code}/train.jsonl", "test": "{code}/test.jsonl"},
    },
    "columns": {"tokens": "words", "tags": "names"},
    "languages": ["en", "sw"],
    "codes": {"en": "eng", "sw": "swa"},
    "metric": "token_accuracy",
}


def names(folder: Path) -> Hub:
    """A repository of JSON lines, one folder per language."""
    for code, name in (("eng", "Ann"), ("swa", "Juma")):
        for split in ("train", "test"):
            file = folder / code / f"{split}.jsonl"
            file.parent.mkdir(parents=True, exist_ok=True)
            rows = [
                {"words": [name, "no", str(number), split], "names": ["B-PER", "O", "O", "O"]}
                for number in range(10)
            ]
            file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    served = Hub()
    served.add("me/names", folder)
    return served


def test_declared_tasks_run_to_the_report(fresh: Checkout, tmp_path: Path):
    write_topics(fresh.folder)
    study = {
        "source": "original",
        "source_language": "en",
        "text": [{"task": "my_topics", "languages": ["en", "sw"]}],
        "tasks": {"my_topics": TOPICS, "names": NAMES},
        "strategies": {"none": [], "names": ["names"]},
        "targets": {"my_topics": {}, "names": {"train": "names@sw"}},
        "recipes": {
            "all": {"selection": "last", "max_length": 64, "max_steps": 4, "batch_size": 8},
        },
    }
    fresh.write_study(**study)
    with serving(names(tmp_path / "names")) as hub:
        run = fresh.snakemake(environment={"HF_ENDPOINT": hub.url})
    assert run.code == 0, run.output
    legend = (fresh.results / "tables/transfer.md").read_text()
    assert "my_topics accuracy, names token_accuracy" in legend
    assert "bag of words" in legend
    assert "my_topics" in (fresh.results / "report.html").read_text()
    overlap = (fresh.results / "tables/overlap.csv").read_text()
    assert "my_topics" in overlap
    facts = json.loads((fresh.results / "data/names/sw/test.json").read_text())["facts"]
    assert facts["downloads"] == [{"repo": "me/names", "revision": "main", "commit": COMMIT}]
    assert fresh.snakemake("-n").nothing_to_do

    # labels of other names: these data are read again, the other task's are not downloaded again
    labels = {"politics": "state", "sport": "sport"}
    fresh.write_study(
        **study | {"tasks": {"my_topics": TOPICS | {"labels": labels}, "names": NAMES}}
    )
    jobs = fresh.jobs_of_dry_run().jobs
    assert jobs["prepare_data"] >= 3
    assert "fetch_data" not in jobs
