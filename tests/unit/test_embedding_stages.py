"""Retrieval, mining and ranking from the microworld to scores, stage by stage."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from engine_world import ARCHITECTURE
from test_config import STUDY, grid_of

from xstilts.data.text import kind_of
from xstilts.grid import identities
from xstilts.jobs.data import prepare_data
from xstilts.jobs.predict import predict_languages
from xstilts.jobs.score import score_cell
from xstilts.jobs.tokens import build_tokenizer, prepare_tokens
from xstilts.manifest import write_manifest
from xstilts.models.encoder import build_encoder, save_encoder

TARGETS = """\
  mined: {task: bucc2018, languages: [qab]}
  dev: {task: bucc2018, languages: [qab], split: validation}
  lareqa: {languages: [qaa, qab], train: none}
  mewslix: {languages: [qab], train: none}
"""
WANTED = {
    "tatoeba": {"accuracy", "accuracy@layer0", "accuracy@layer1", "accuracy@layer2", "chance"},
    "mined": {f"{m}{s}" for m in ("f1", "precision", "recall") for s in ("", "_oracle")},
    "dev": {"f1_oracle", "precision_oracle", "recall_oracle"},
    "lareqa": {"map_at_20", "mrr_at_20", "accuracy"},
    "mewslix": {"map_at_20", "mrr_at_20", "accuracy"},
}


@pytest.mark.parametrize("protocol", ["recommended", "jiant-2020", "e5"])
def test_every_kind_goes_through_all_stages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    sizes = "microworld:\n  sizes: {train: 9, validation: 30, test: 40}\n  text: 300"
    text = STUDY.replace("microworld:", sizes, 1)
    grid = grid_of(tmp_path, f"{text}{TARGETS}protocol: {protocol}\n")
    monkeypatch.chdir(tmp_path)

    def made(path: str, task: str, language: str, split: str) -> Path:
        manifest = Path(path)
        identity = identities.data(grid, task, language, split)  # type: ignore[arg-type]
        manifest.parent.mkdir(parents=True, exist_ok=True)
        prepare_data(identity, [], manifest.with_suffix(".parquet"), manifest)
        return manifest

    texts = [made(grid.paths.data("mlm", c, "train"), "mlm", c, "train") for c in ("qaa", "qab")]
    tokenizer = Path(grid.paths.tokenizer("mini"))
    build_tokenizer(identities.tokenizer(grid, "mini"), texts, tokenizer)
    model = Path(grid.paths.base("mini"))
    model.parent.mkdir(parents=True)
    torch.manual_seed(0)
    save_encoder(build_encoder({**ARCHITECTURE, "vocab_size": 500}), model.parent)
    write_manifest(model, {}, files={}, facts={})

    for target, wanted in WANTED.items():
        node = grid.targets[target]
        languages = [language for language in node.languages if language != "qac"]
        data, tokens, out = [], [], []
        for language in languages:
            key = (node.task.name, language, node.split)
            data.append(made(grid.paths.data(*key), *key))
            assert kind_of(pq.read_schema(data[-1].with_suffix(".parquet")).names) == "retrieval"
            tokens.append(Path(grid.tokens("mini", node, language)))
            prepare_tokens(
                identities.tokens(grid, node.task.name, node.prefixed), data[-1], tokenizer,
                tokens[-1].with_suffix(".arrow"), tokens[-1],
            )  # fmt: skip
            out.append(Path(grid.paths.prediction("mini", 1, (), target, language)))
        predict_languages(
            identities.predictions(grid, target), model=model, data=data, tokens=tokens, out=out,
            manifest=out[0].with_name("manifest.json"), max_tokens=8192, num_threads=1,
        )  # fmt: skip
        scores = Path(grid.paths.scores("mini", 1, (), target))
        cell = {"base": "mini", "seed": "1", "chain": "none", "target": target}
        score_cell(
            identities.scores(grid, target), study="tiny", cell=cell, split=node.split,
            predictions=out, out=scores,
        )  # fmt: skip
        rows = pq.read_table(scores, partitioning=None).to_pylist()
        assert {row["metric"] for row in rows} == wanted
        assert {row["metric"] for row in rows if row["headline"]} == {grid.headline(target)}
        assert {row["language"] for row in rows} == set(languages)
        assert all(0 <= row["value"] <= 100 for row in rows)
