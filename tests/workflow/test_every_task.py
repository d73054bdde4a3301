"""A study of every task that some source has, from its file alone to the report."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from checkout import ROOT

import hub_files
import served_sets
from hub_server import Hub
from hub_server import serving as serving_hub
from release_server import Site
from release_server import serving as serving_site
from xstilts.data.release_requests import release_archives
from xstilts.grid import Grid
from xstilts.grid.source_report import data_sets
from xstilts.suites import SUITES, TRAINED_ON
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from checkout import Checkout

pytestmark = [pytest.mark.workflow, pytest.mark.full]

SHARED = Path(os.environ.get("XSTILTS_TEST_DATA", ROOT.parent / "shared/data"))
"""Real release files; the test makes up what is not there."""

# languages in Latin script, as the vocabulary is tiny
LANGUAGES = {"tatoeba": ["de", "az"], "udpos": ["af", "wo"], "xnli": ["de", "sw"]}
"""Languages of the tasks that are read from several sources, or releases."""
PREFERRED = ("de", "sw", "yo", "id")
NOWHERE = {"ccg", "mewslix"}
"""Tasks that cannot be downloaded: one is sold, the release of the other lacks the texts."""
STUDY: dict[str, Any] = {
    "source": "auto",
    "source_language": "en",
    # their commits are pinned; the server has another
    "revisions": {task.hub.repo: "main" for task in TASKS.values() if task.hub},
    "strategies": {"none": []},
    "recipes": {
        "all": {
            "selection": "last",
            "max_length": 160,
            "doc_stride": 16,
            "max_steps": 2,
            "batch_size": 8,
        }
    },
    "bases": {
        "mini": {
            "max_unknown": 1.0,
            "pretrain": {
                "architecture": {
                    "hidden_size": 32,
                    "num_layers": 2,
                    "num_heads": 2,
                    "intermediate_size": 64,
                    "max_length": 160,
                },
                "vocab_size": 120,
            },
        }
    },
}
WIKIPEDIA = {"hub": "wikimedia/wikipedia", "files": "20231101.{language}/train-*.parquet"}


def targets() -> dict[str, dict[str, Any]]:
    """Every task of every suite, each in one or two of its languages."""
    found: dict[str, dict[str, Any]] = {}
    for suite in SUITES.values():
        for task, languages in suite.items():
            chosen = [code for code in PREFERRED if code in languages][:1] or list(languages[:1])
            found[task] = {"languages": LANGUAGES.get(task, chosen)}
            found[task] |= {"train": TRAINED_ON[task]} if task in TRAINED_ON else {}
    # a composite training set; and what nobody can download
    found["afrixnli"]["train"] = "anli_plus"
    return found | {name: {"languages": ["en"]} for name in NOWHERE if name not in found}


def publish(checkout: Checkout, hub: Hub, site: Site, folder: Path) -> None:
    """Serve the data of the checkout's study, with checksums of what is served."""
    file = checkout.folder / "config.yaml"
    with contextlib.chdir(checkout.folder):
        grid = Grid.load(yaml.safe_load(file.read_text()), [file])
    real = SHARED if SHARED.is_dir() else None
    served_sets.serve(grid, data_sets(grid), hub, site, folder, real)
    sums = {}
    for task in TASKS.values():
        for language in task.languages:
            for split in task.files:
                for archive in release_archives(task, language, split):
                    content = site.files.get(archive.url.removeprefix("https://"))
                    if archive.sha256 and content is not None:
                        sums[archive.sha256] = hashlib.sha256(content).hexdigest()
    for path in (checkout.folder / "workflow_scripts/xstilts/tasks").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"\b[0-9a-f]{64}\b", lambda found: sums.get(found[0], found[0]), text)
        path.write_text(text, encoding="utf-8")


def outcome(results: Path) -> list[tuple[str, str, str, str, int]]:
    """Task, split, languages, sources and examples of every data set, from the manifests."""
    found: dict[tuple[str, str, str], tuple[list[str], int]] = {}
    for path in sorted(results.glob("data/*/*/*.json")):
        task, language, split = path.parts[-3], path.parts[-2], path.stem
        facts = json.loads(path.read_text())["facts"]
        sources = " + ".join(dict.fromkeys(facts.get("sources", {}).values()))
        languages, rows = found.get((task, split, sources), ([], 0))
        rows += facts.get("rows", 0)
        found[task, split, sources] = ([*languages, language], rows)
    return [
        (task, split, " ".join(languages), sources, rows)
        for (task, split, sources), (languages, rows) in found.items()
    ]


def test_every_task_runs_from_its_file_to_the_report(fresh: Checkout, tmp_path: Path) -> None:
    hub, site = Hub(), Site()
    rows = [{"text": served_sets.sentence("Wikipedia", number)} for number in range(40)]
    file = hub_files.write_parquet(tmp_path / "text.parquet", rows)
    articles = {"20231101.de/train-00000-of-00001.parquet": file.read_bytes()}
    hub.files["wikimedia/wikipedia"] = articles
    with serving_hub(hub), serving_site(site):
        fresh.write_study(
            **STUDY,
            when_missing="skip",
            url_mirrors=site.mirrors,
            text=[{"task": "mnli", "languages": ["en"]}, {**WIKIPEDIA, "languages": ["de"]}],
            targets=targets(),
        )
        publish(fresh, hub, site, tmp_path)
        run = fresh.snakemake(environment={"HF_ENDPOINT": hub.url})
    assert run.code == 0, run.output[-4000:]
    for row in (table := outcome(fresh.results)):
        print("{:<16} {:<11} {:<12} {:<9} {:>5}".format(*row))  # noqa: T201 (shown by -s)
    evaluated = set(targets()) - NOWHERE
    assert {task for task, *_ in table} > evaluated
    assert all(sources and rows for task, _, _, sources, rows in table if task != "mlm")
    assert {sources for task, _, _, sources, _ in table if task == "tatoeba"} == {"hub", "url"}
    for page in ("tables/transfer.md", "report.html"):
        text = (fresh.results / page).read_text(encoding="utf-8")
        assert all(f"target {name}" in text for name in NOWHERE)
    scored = {path.stem for path in (fresh.results / "scores").rglob("*.parquet")}
    assert scored == evaluated


def write_pairs(path: Path, table: bytes, folder: Path) -> None:
    """Write a release file with the examples of a repository's file."""
    (folder / "pairs.parquet").write_bytes(table)
    rows = hub_files.pq.read_table(folder / "pairs.parquet").to_pylist()
    labels = ["entailment", "neutral", "contradiction"]
    lines = [f"{row['premise']}\t{row['hypothesis']}\t{labels[row['label']]}\n" for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines), encoding="utf-8")


def weights(results: Path) -> dict[Path, int]:
    """The files of weights, and when they were written."""
    return {path: path.stat().st_mtime_ns for path in results.rglob("*.safetensors")}


def test_files_that_appear_later_rerun_nothing(fresh: Checkout, tmp_path: Path) -> None:
    hub, site = Hub(), Site()
    releases = fresh.folder / "releases"
    releases.mkdir()
    study = STUDY | {
        "data_root": "releases",
        "text": [{"task": "mnli", "languages": ["en"]}],
        "targets": {"xnli": {"languages": ["de"]}},
    }
    fresh.write_study(**study)
    publish(fresh, hub, site, tmp_path)
    with serving_hub(hub):
        run = fresh.snakemake(environment={"HF_ENDPOINT": hub.url})
    assert run.code == 0, run.output[-4000:]
    assert run.jobs["train_target"] == 1
    trained = weights(fresh.results)
    assert len(trained) >= 2
    manifest = fresh.results / "data/xnli/de/test.json"
    first = json.loads(manifest.read_text())

    # release files appear: they are preferred, but the source was chosen
    [german] = hub.files["facebook/xnli"].values()
    write_pairs(releases / "xnli/test-de.labelled.tsv", german, tmp_path)
    english = hub.files["nyu-mll/glue"]["mnli/train-00000-of-00001.parquet"]
    write_pairs(releases / "mnli/multinli.train.en.tsv", english, tmp_path)
    assert fresh.snakemake("-n").nothing_to_do

    # another source by the study, with equal examples: read again, but nothing is trained
    fresh.write_study(**study, sources={"xnli": "original", "mnli": "original"})
    run = fresh.snakemake()
    assert run.code == 0, run.output[-4000:]
    # the text of MLM is that of mnli's examples
    assert run.jobs["prepare_data"] == 3
    assert "fetch_data" not in run.jobs
    again = json.loads(manifest.read_text())
    assert again["facts"]["sources"] == {"xnli": "original"}
    assert first["facts"]["sources"] == {"xnli": "hub"}
    assert weights(fresh.results) == trained
