"""The protocol `e5`: prefixes of sentences, and the same vectors as the model card's own code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
import torch
from engine_world import SHARED, needs_shared
from test_config import STUDY, grid_of

from xstilts.config.protocol import PROTOCOLS
from xstilts.grid import Grid, identities
from xstilts.grid.products import find_product
from xstilts.identity import differences
from xstilts.jobs.data import prepare_data
from xstilts.jobs.predict import predict_languages
from xstilts.jobs.score import score_cell
from xstilts.jobs.tokens import prepare_tokens
from xstilts.manifest import write_manifest
from xstilts.tokens.prefixes import write_prefixed

if TYPE_CHECKING:
    from collections.abc import Sequence


def test_prefixes_are_part_of_the_identity_of_tokens_that_have_them(tmp_path: Path) -> None:
    grid = grid_of(tmp_path, f"{STUDY}further_protocols: [e5]\n")
    own, other = (grid.names.all_targets[name] for name in ("tatoeba", "tatoeba@e5"))
    plain, prefixed = (grid.tokens("mini", node, "qab") for node in (own, other))
    assert prefixed == plain.replace("test.json", "test-e5.json")
    found = differences(
        identities.tokens(grid, "tatoeba"), identities.tokens(grid, "tatoeba", other.prefixed)
    )
    assert {key.split(".")[0] for key, *_ in found} == {"prefixes", "code"}
    assert find_product(grid, prefixed).declared == identities.tokens(grid, "tatoeba", "e5")
    # the same pooling and similarity would be another prediction
    assert other.predicted_as == "tatoeba@e5"
    assert grid.targets["xnli"].prefixed == ""


def test_prefixes_are_those_of_each_side(tmp_path: Path) -> None:
    import pyarrow as pa

    data = pa.table(
        {"id": ["a", "b"], "side": ["query", "candidate"], "text": ["one", "two"], "n": [1, 2]}
    )
    pq.write_table(data, tmp_path / "data.parquet")
    prefixes = PROTOCOLS["e5"].prefixes["ranking"]
    write_prefixed(tmp_path / "data.parquet", tmp_path / "out.parquet", prefixes)
    found = pq.read_table(tmp_path / "out.parquet")
    assert found.schema == data.schema
    assert found.to_pylist() == [
        {"id": "a", "side": "query", "text": "query: one", "n": 1},
        {"id": "b", "side": "candidate", "text": "passage: two", "n": 2},
    ]


@pytest.fixture(scope="module")
def e5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the real encoder, rounded to 4 bits."""
    if given := os.environ.get("XSTILTS_TEST_E5"):
        return Path(given)
    folder, script = tmp_path_factory.mktemp("e5"), SHARED.parent / "realmodel/make.py"
    made = subprocess.run([sys.executable, script, folder], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"the encoder cannot be made: {made.stderr[-300:]}")
    return folder


def card_vectors(folder: Path, texts: Sequence[str]) -> torch.Tensor:
    """Sentence vectors by the code of the model's card, with transformers only."""
    from transformers import AutoModel, PreTrainedTokenizerFast

    # AutoTokenizer of transformers 5 rebuilds it, and reads a zero-width non-joiner as unknown
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()
    # batches of similar lengths, for speed
    order, found = sorted(range(len(texts)), key=lambda i: len(texts[i])), {}
    for start in range(0, len(order), 64):
        rows = order[start : start + 64]
        batch = tokenizer(
            [f"query: {texts[row]}" for row in rows],
            max_length=512, padding=True, truncation=True, return_tensors="pt",
        )  # fmt: skip
        with torch.inference_mode():
            hidden = model(**batch).last_hidden_state
        mask = batch["attention_mask"][..., None]
        pooled = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
        found.update(zip(rows, torch.nn.functional.normalize(pooled, dim=1), strict=True))
    return torch.stack([found[row] for row in range(len(texts))])


@pytest.mark.full
@needs_shared
@pytest.mark.parametrize(("language", "code"), [("jv", "jav"), ("te", "tel"), ("sw", "swh")])
def test_tatoeba_accuracy_is_that_of_the_model_card_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, e5: Path, language: str, code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    grid = Grid.load(
        {
            "study": "card", "source": "original", "data_root": str(SHARED), "seeds": [1],
            "bases": {"e5": {"path": str(e5)}}, "strategies": {"none": []},
            "targets": {"tatoeba": {"languages": [language]}}, "protocol": "e5",
        },
        [],
    )  # fmt: skip
    node = grid.targets["tatoeba"]
    data = Path(grid.paths.data("tatoeba", language, "test"))
    files = [Path(file) for file in identities.data_files(grid, "tatoeba", language, "test")]
    data.parent.mkdir(parents=True)
    identity = identities.data(grid, "tatoeba", language, "test")
    prepare_data(identity, files, data.with_suffix(".parquet"), data)
    model = Path(grid.paths.base("e5"))
    tokenizer = Path(grid.paths.tokenizer("e5"))
    for manifest, names in ((model, ("config.json", "model.safetensors")), (tokenizer, ())):
        manifest.parent.mkdir(parents=True)
        for name in names or ("tokenizer.json", "tokenizer_config.json"):
            (manifest.parent / name).symlink_to(e5 / name)
        write_manifest(manifest, {}, files={}, facts={})
    tokens = Path(grid.tokens("e5", node, language))
    tokens.parent.mkdir(parents=True)
    prepare_tokens(
        identities.tokens(grid, "tatoeba", node.prefixed), data, tokenizer,
        tokens.with_suffix(".arrow"), tokens,
    )  # fmt: skip
    out = Path(grid.paths.prediction("e5", 1, (), "tatoeba", language))
    predict_languages(
        identities.predictions(grid, "tatoeba"), model=model, data=[data], tokens=[tokens],
        out=[out], manifest=out.with_name("manifest.json"), max_tokens=8192, num_threads=1,
    )  # fmt: skip
    scores = Path(grid.paths.scores("e5", 1, (), "tatoeba"))
    score_cell(
        identities.scores(grid, "tatoeba"), study="card",
        cell={"base": "e5", "seed": "1", "chain": "none", "target": "tatoeba"},
        split="test", predictions=[out], out=scores,
    )  # fmt: skip
    [ours] = [
        r["value"] for r in pq.read_table(scores, partitioning=None).to_pylist() if r["headline"]
    ]
    foreign, english = (
        (SHARED / f"tatoeba/tatoeba.{code}-eng.{side}").read_text(encoding="utf-8").splitlines()
        for side in (code, "eng")
    )
    vectors = card_vectors(e5, [*foreign, *english])
    nearest = (vectors[: len(foreign)] @ vectors[len(foreign) :].T).argmax(dim=1)
    card = (nearest == torch.arange(len(foreign))).float().mean()
    assert ours == pytest.approx(100 * float(card), abs=1e-3)
