"""A chain with machine-translated training data, from source-language data to the table."""

from __future__ import annotations

import json
import shutil

import pyarrow.parquet as pq
import pytest
from checkout import ROOT, TINY, Checkout

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

TRANSLATED = "data/mnli/qab-translated/train"


@pytest.fixture
def translating(fresh: Checkout, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """The tiny study with a chain on translated data, and a tiny model that translates."""
    monkeypatch.syspath_prepend(ROOT / "tests/unit")
    from translation_world import nllb

    shutil.copytree(nllb(), fresh.folder / "translator")
    write(fresh, beams=1)
    return fresh


def write(checkout: Checkout, beams: int) -> None:
    codes = {"qaa": "qaa_Zzzz", "qab": "qab_Zzzz"}
    model = {"path": "translator", "codes": codes, "beams": beams, "max_length": 24}
    mini = {**TINY["bases"]["mini"], "max_unknown": 0.5}
    checkout.write_study(
        translations={"model": model},
        # an untrained translator invents words
        bases={"mini": mini},
        strategies={"translated": ["mnli@qab:translated"]},
        baseline="translated",
        targets={"tatoeba": {"languages": ["qab"]}},
        recipes={"all": {"max_length": 64, "doc_stride": 24, "max_steps": 2, "batch_size": 8}},
    )


@pytest.mark.full
def test_from_the_source_language_to_the_table(translating: Checkout):
    run = translating.snakemake()
    assert run.code == 0, run.output
    assert run.jobs["translate_data"] == 1
    table = (translating.results / "tables/transfer.md").read_text()
    assert "translated" in table
    models = translating.results / "intermediate/mini/seed-1"
    assert (models / "mnli@qab-translated/manifest.json").is_file()
    manifest = json.loads((translating.results / f"{TRANSLATED}.json").read_text())
    source = pq.read_table(translating.results / "data/mnli/qaa/train.parquet").to_pylist()
    made = pq.read_table(translating.results / f"{TRANSLATED}.parquet").to_pylist()
    facts = manifest["facts"]
    assert facts["source_rows"] == len(source) == 48
    assert len(made) + sum(facts["lost"].values()) == 48
    assert facts["share_lost"] == pytest.approx(1 - len(made) / 48)
    labels = {row["id"]: row["label"] for row in source}
    texts = {row["id"]: row["text_a"] for row in source}
    assert made
    assert all(row["label"] == labels[row["id"]] for row in made)
    assert any(row["text_a"] != texts[row["id"]] for row in made)
    assert not list((translating.results / "state").glob("*/*"))
    assert translating.snakemake().nothing_to_do
    assert "up to date" in translating.command("explain", f"results/tiny/{TRANSLATED}").output
    before = (translating.results / f"{TRANSLATED}.parquet").read_bytes()
    (translating.results / f"{TRANSLATED}.json").unlink()
    again = translating.snakemake(f"results/tiny/{TRANSLATED}.json")
    assert again.code == 0, again.output
    assert "reused" in (translating.results / f"logs/{TRANSLATED}.log").read_text()
    assert (translating.results / f"{TRANSLATED}.parquet").read_bytes() == before
    write(translating, beams=2)
    assert "source.beams: 1 → 2" in translating.command("explain", TRANSLATED).output
    jobs = translating.jobs_of_dry_run().jobs
    assert jobs["translate_data"] == 1
    assert jobs["train_intermediate"] == 1
    assert not {"pretrain", "prepare_data"} & set(jobs)


@pytest.mark.full
def test_answers_are_at_their_offsets_and_lost_ones_are_counted(translating: Checkout):
    text = (translating.folder / "config.yaml").read_text()
    (translating.folder / "config.yaml").write_text(text.replace("mnli@qab", "squad_v1@qab"))
    translated = translating.results / "data/squad_v1/qab-translated/train"
    run = translating.snakemake("results/tiny/data/squad_v1/qab-translated/train.json")
    assert run.code == 0, run.output
    assert run.jobs["translate_data"] == run.jobs["prepare_data"] == 1
    facts = json.loads(translated.with_suffix(".json").read_text())["facts"]
    rows = pq.read_table(translated.with_suffix(".parquet")).to_pylist()
    assert len(rows) == sum(facts["projected"].values()) == 48 - sum(facts["lost"].values())
    for row in rows:
        for answer in row["answers"]:
            assert row["context"].startswith(answer["text"], answer["start"])
