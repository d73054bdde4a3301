"""Unknown tokens are counted, reported by language, and refused where there are too many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from engine_world import labels_of, tokenizer_dir, write_data

from xstilts.errors import UserError
from xstilts.jobs.tokens import prepare_tokens
from xstilts.manifest import facts_of, full_identity, write_manifest
from xstilts.results.unknown_tokens import remark, unknown_shares
from xstilts.tokens.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

IDENTITY = {"kind": "classification", "labels": list(labels_of("classification")),
            "max_length": 32, "doc_stride": 8}  # fmt: skip


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    """The manifest of a tokenizer without Thai characters."""
    folder = tmp_path / "results/study/bases/mini/tokenizer"
    folder.mkdir(parents=True)
    for file in tokenizer_dir().iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return manifest_of(folder / "manifest.json", folder / "tokenizer.json")


def manifest_of(manifest: Path, file: Path) -> Path:
    write_manifest(manifest, full_identity({}, {}), files={file.name: file}, facts={})
    return manifest


def made(tmp_path: Path, tokenizer: Path, language: str, text: str, **options: Any) -> Path:
    """The manifest of the tokens of ten examples."""
    data = tmp_path / f"results/study/data/xnli/{language}/test.parquet"
    data.parent.mkdir(parents=True, exist_ok=True)
    label = labels_of("classification")[0]
    rows = [{"id": str(i), "text_a": text, "text_b": None, "label": label} for i in range(10)]
    write_data(data, "classification", rows)
    manifest_of(data.with_suffix(".json"), data)
    out = tmp_path / f"results/study/tokens/mini/xnli/{language}/test.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    prepare_tokens(
        IDENTITY, data.with_suffix(".json"), tokenizer, out.with_suffix(".arrow"), out, **options
    )
    return out


def test_unknown_tokens_are_counted(tmp_path: Path, tokenizer: Path) -> None:
    text = "ภ ษ"
    found = load_tokenizer(tokenizer.parent)
    assert found.token_ids([text])[0].count(found.unk_id) == 2
    facts = facts_of(made(tmp_path, tokenizer, "th", text))
    assert facts["num_unknown"] == 20


def test_a_language_that_the_model_cannot_read_is_refused(tmp_path: Path, tokenizer: Path) -> None:
    with pytest.raises(UserError, match=r"xnli/th/test.json: \d+.\d % of the tokens are unknown"):
        made(tmp_path, tokenizer, "th", "ภ ษ", max_unknown_percent=20)
    assert not (tmp_path / "results/study/tokens/mini/xnli/th/test.arrow").exists()
    assert made(tmp_path, tokenizer, "th", "ภ ษ", max_unknown_percent=60).is_file()


def test_tables_name_languages_with_many_unknown_tokens(tmp_path: Path, tokenizer: Path) -> None:
    known = made(tmp_path, tokenizer, "en", "a")
    thai = made(tmp_path, tokenizer, "th", "ภ ษ")
    manifests = {("mini", "en"): [known], ("mini", "th"): [thai], ("mini", "sw"): [tmp_path / "x"]}
    [share] = unknown_shares(manifests)
    facts = facts_of(thai)
    assert (share.language, share.unknown) == ("th", 20)
    assert share.share == pytest.approx(20 / facts["num_tokens"])
    assert remark([share]) == [f"Unknown tokens: th {100 * share.share:.1f} % (mini)."]
    assert remark([]) == []
