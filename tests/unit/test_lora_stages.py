"""A chain of adapters in a study: from a published base to scores, and in a moved folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from published_models import published_model
from test_config import STUDY, grid_of

from xstilts.errors import UserError
from xstilts.grid import Grid, identities
from xstilts.jobs.base import import_base
from xstilts.jobs.data import prepare_data
from xstilts.jobs.predict import predict_languages
from xstilts.jobs.score import score_cell
from xstilts.jobs.tokens import prepare_tokens
from xstilts.jobs.train import train_stage
from xstilts.jobs.train_process import RuntimeSettings
from xstilts.manifest import read_manifest
from xstilts.models.encoder import load_encoder

RECIPES = {
    "all": {
        "selection": "last", "max_steps": 3, "max_length": 64, "learning_rate": 1e-2,
        "lora": {"rank": 2, "merge": False, "modules": ["q_proj", "down_proj"]},
    }
}  # fmt: skip


def study(folder: Path) -> Grid:
    text = yaml.safe_load(STUDY)
    text["microworld"] |= {"sizes": {"train": 20, "validation": 4, "test": 12}}
    text["bases"] = {"qwen": {"path": str(published_model("qwen2", folder / "published"))}}
    return grid_of(folder, yaml.safe_dump(text | {"recipes": RECIPES}))


def tokens_of(grid: Grid, task: str, language: str, split: str) -> tuple[Path, Path]:
    """Return manifests of a data set and of its tokens, made if they are missing."""
    data = Path(grid.paths.data(task, language, split))
    tokens = Path(grid.paths.tokens("qwen", task, language, split))
    for manifest in (data, tokens):
        manifest.parent.mkdir(parents=True, exist_ok=True)
    identity = identities.data(grid, task, language, split)  # type: ignore[arg-type]
    prepare_data(identity, [], data.with_suffix(".parquet"), data)
    prepare_tokens(
        identities.tokens(grid, task), data, Path(grid.paths.tokenizer("qwen")),
        tokens.with_suffix(".arrow"), tokens,
    )  # fmt: skip
    return data, tokens


def stage(
    grid: Grid, parent: str, manifest: str, chain: str, target: str | None, **changes: Any
) -> Path:
    """Train the last stage of a chain, or of a target after it."""
    members = grid.members("qwen", chain, target)
    identity = identities.model(grid, "qwen", 1, chain, target)
    identity["recipe"] |= changes
    train_stage(
        identity,
        parent=Path(parent), dev=[], manifest=Path(manifest), state_root=Path("state"),
        tokens=[tokens_of(grid, m.task, m.language, "train")[1] for m in members],
        settings=RuntimeSettings(max_tokens=2000, num_threads=1),
    )  # fmt: skip
    return Path(manifest)


def scored(grid: Grid, model: Path) -> Path:
    """Predict and score one language."""
    data, tokens = tokens_of(grid, "xnli", "qab", "test")
    out = Path(grid.paths.prediction("qwen", 1, ("mnli",), "xnli", "qab"))
    out.unlink(missing_ok=True)
    predict_languages(
        identities.predictions(grid, "xnli"), model=model, data=[data], tokens=[tokens], out=[out],
        manifest=out.with_name("manifest.json"), max_tokens=2000, num_threads=1,
    )  # fmt: skip
    scores = Path(grid.paths.scores("qwen", 1, ("mnli",), "xnli"))
    cell = {"base": "qwen", "seed": "1", "chain": "mnli", "target": "xnli"}
    score_cell(
        identities.scores(grid, "xnli"), study="tiny", cell=cell, split="test", predictions=[out],
        out=scores,
    )  # fmt: skip
    assert {row["metric"] for row in pq.read_table(scores, partitioning=None).to_pylist()}
    return out


def test_a_chain_of_adapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = study(tmp_path)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    base = grid.paths.base("qwen")
    import_base(
        identities.imported_base(grid, "qwen"),
        tokenizer=Path(grid.paths.tokenizer("qwen")), model=Path(base),
    )  # fmt: skip
    middle = grid.paths.intermediate("qwen", 1, ("mnli",))
    stage(grid, base, middle, "mnli", None)
    target = stage(grid, middle, grid.paths.target("qwen", 1, ("mnli",), "xnli"), "mnli", "xnli")
    files = read_manifest(target).files
    assert {"adapter_model.safetensors", "adapter_config.json", "parent.json"} <= set(files)
    assert "model.safetensors" not in files
    entry = json.loads((target.parent / "parent.json").read_text())
    assert (target.parent / entry["folder"]).resolve() == Path(middle).parent.resolve()
    assert entry["content"] == read_manifest(Path(middle)).content
    names = json.loads((target.parent / "adapter_config.json").read_text())["target_modules"]
    assert {name.rpartition(".")[2] for name in names} == {"q_proj", "down_proj"}

    before = pq.read_table(scored(grid, target))
    # a moved results folder includes the parents
    here.rename(tmp_path / "there")
    monkeypatch.chdir(tmp_path / "there")
    assert pq.read_table(scored(grid, target)).equals(before)

    # the same stage with all its weights leaves no adapters behind
    stage(grid, base, middle, "mnli", None, lora=None)
    assert (Path(middle).parent / "model.safetensors").is_file()
    assert not (Path(middle).parent / "parent.json").exists()
    with pytest.raises(UserError, match="is not the one that these adapters"):
        load_encoder(target.parent)
