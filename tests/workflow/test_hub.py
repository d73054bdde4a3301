"""A study on data from the Hub: downloads first, then everything else without network."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
import yaml

import hub_files
from hub_server import COMMIT, Hub, serving

if TYPE_CHECKING:
    from pathlib import Path

    from checkout import Checkout

pytestmark = pytest.mark.workflow

WAITS = "WAITS = (1.0, 3.0, 9.0, 27.0)"

# Python imports this at the start of every job, since the library folder is on the path
NO_NETWORK = """\
import pathlib
import socket

FOLDER = pathlib.Path(__file__).parents[1]
(FOLDER / "jobs.txt").open("a").write("job\\n")


class Blocked(socket.socket):
    def __init__(self, family=-1, *arguments, **options):
        if family in (-1, socket.AF_INET, socket.AF_INET6):
            (FOLDER / "blocked.txt").open("a").write(f"{family}\\n")
            raise OSError("the test allows no network")
        super().__init__(family, *arguments, **options)


socket.socket = Blocked
"""


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """Three repositories with a few examples."""
    texts = [(f"The cat number {i} sleeps.", f"Cat {i} rests.") for i in range(30)]
    pairs = [{"premise": a, "hypothesis": b, "label": i % 3} for i, (a, b) in enumerate(texts)]
    german = [
        row | {"premise": f"Katze {i} schläft.", "hypothesis": f"Katze {i} ruht."}
        for i, row in enumerate(pairs)
    ]
    sentences = [
        {"source_sentence": f"Hund {i}.\n", "target_sentence": f"Dog {i}.\n"} for i in range(9)
    ]
    wikipedia = [
        {"title": f"T{i}", "text": f"Der Hund {i} bellt.\n\nEr ruht {i}."} for i in range(9)
    ]
    served = Hub()
    for repo, path, rows in [
        ("nyu-mll/glue", "mnli/train-00000-of-00001.parquet", pairs),
        ("nyu-mll/glue", "mnli/validation_matched-00000-of-00001.parquet", pairs),
        ("facebook/xnli", "en/test-00000-of-00001.parquet", pairs),
        ("facebook/xnli", "de/test-00000-of-00001.parquet", german),
        ("google/xtreme", "tatoeba.deu/validation-00000-of-00001.parquet", sentences),
        ("wikimedia/wikipedia", "20231101.de/train-00000-of-00001.parquet", wikipedia),
    ]:
        features = hub_files.CLASS if "label" in rows[0] else None
        hub_files.write_parquet(tmp_path / repo / path, rows, features)
        served.add(repo, tmp_path / repo)
    return served


def write_hub_study(checkout: Checkout) -> None:
    checkout.write_study(
        source="hub",
        source_language="en",
        # GLUE's commit is pinned in the task; the server has another
        revisions={"nyu-mll/glue": "main"},
        text=[
            {"task": "mnli", "languages": ["en"]},
            {
                "hub": "wikimedia/wikipedia",
                "files": "20231101.{language}/train-*.parquet",
                "languages": ["de"],
            },
        ],
        strategies={"none": []},
        targets={"xnli": {"languages": ["en", "de"]}, "tatoeba": {"languages": ["de"]}},
    )


@pytest.mark.full
def test_after_the_downloads_nothing_needs_a_network(fresh: Checkout, hub: Hub):
    write_hub_study(fresh)
    with serving(hub):
        run = fresh.snakemake(
            "results/tiny/data/checked.json", environment={"HF_ENDPOINT": hub.url}
        )
    assert run.code == 0, run.output
    assert run.jobs["fetch_data"] == 6
    facts = json.loads((fresh.results / "data/xnli/de/test.json").read_text())["facts"]
    assert facts["downloads"] == [{"repo": "facebook/xnli", "revision": "main", "commit": COMMIT}]
    snapshot = fresh.folder / "data/hub/datasets--facebook--xnli/snapshots" / COMMIT
    kept = snapshot / "de/test-00000-of-00001.parquet"
    assert kept.read_bytes() == hub.files["facebook/xnli"]["de/test-00000-of-00001.parquet"]

    (fresh.folder / "workflow_scripts/sitecustomize.py").write_text(NO_NETWORK)
    run = fresh.snakemake()
    assert run.code == 0, run.output
    assert "fetch_data" not in run.jobs
    assert (fresh.results / "tables/transfer.md").is_file()
    assert (fresh.folder / "jobs.txt").read_text().count("job") >= sum(run.jobs.values()) / 2
    assert not (fresh.folder / "blocked.txt").exists()

    # the network is really blocked: without the cache, the run fails with one error
    shutil.rmtree(fresh.folder / "data/hub")
    (fresh.results / "downloads/xnli/de/test.json").unlink()
    script = fresh.folder / "workflow_scripts/xstilts/retries.py"
    text = script.read_text()
    assert WAITS in text
    script.write_text(text.replace(WAITS, "WAITS = (0.0,)"))
    run = fresh.snakemake(
        "results/tiny/downloads/xnli/de/test.json", environment={"HF_ENDPOINT": hub.url}
    )
    assert run.code != 0
    assert (fresh.folder / "blocked.txt").exists()
    assert f"facebook/xnli, revision main: 2 attempts at {hub.url} failed" in run.output
    assert "Traceback" not in run.output


def study_of(checkout: Checkout) -> dict[str, object]:
    """The study file in the checkout, without its name."""
    study = yaml.safe_load((checkout.folder / "config.yaml").read_text())
    return {key: value for key, value in study.items() if key != "study"}


@pytest.mark.slow
def test_a_mirror_is_checked_by_a_dry_run(fresh: Checkout, hub: Hub, tmp_path: Path):
    write_hub_study(fresh)
    fresh.write_study(**{**study_of(fresh), "source": "mirror", "mirror": str(tmp_path)})
    run = fresh.jobs_of_dry_run()
    assert run.code == 0, run.output
    assert "fetch_data" not in run.jobs
    (tmp_path / "facebook/xnli/de/test-00000-of-00001.parquet").unlink()
    run = fresh.snakemake("-n")
    assert run.code != 0
    assert "no file of xnli (test) in 'de'" in run.output
    assert "Nearest file: en/test-00000-of-00001.parquet." in run.output
    shutil.copytree(
        tmp_path / "facebook/xnli/en", tmp_path / "facebook/xnli/de", dirs_exist_ok=True
    )
    fresh.write_study(**study_of(fresh) | {"targets": {"xnli": {"languages": ["de"]}}})
    (tmp_path / "nyu-mll/glue/mnli/validation_matched-00000-of-00001.parquet").unlink()
    run = fresh.snakemake("-n")
    assert "no file of mnli (validation) in 'en'" in run.output
    assert "Weights are selected on dev sets" in run.output
    assert "Traceback" not in run.output
