"""Real generation with tiny models of each family: codes, batches, chunks."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import dynamic_module_utils
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES
from translation_world import m2m100, marian, nllb

from xstilts.errors import UserError
from xstilts.translation.flores import NLLB
from xstilts.translation.model import TranslationModel, language_codes
from xstilts.translation.translate import translate_in_chunks, translate_rows

pytestmark = pytest.mark.filterwarnings(
    "ignore:Recommended"
)  # sacremoses, which Marian does not need

CODE = "from pathlib import Path\nPath({marker!r}).touch()\nclass Model:\n    pass\n"
TEXTS = ["the cat sees the dog.", "a bird", "he said no one knows.", "yes", "dogs and cats"]


def load(folder: Path, **changes: Any) -> TranslationModel:
    """A tiny model from English into German."""
    settings: dict[str, Any] = {
        "languages": ("en", "de"),
        "codes": {"en": "eng_Latn", "de": "deu_Latn"},
        "beams": 1,
        "max_length": 16,
        "precision": "fp32",
        "device": torch.device("cpu"),
    }
    return TranslationModel(folder, **(settings | changes))


def translations(model: TranslationModel, max_tokens: int = 400) -> list[str]:
    return model.translate(model.encode(TEXTS), max_tokens)


def test_flores_codes_are_those_of_nllb():
    assert set(NLLB.values()) <= set(FAIRSEQ_LANGUAGE_CODES)


@pytest.mark.parametrize(
    "folder", [nllb, m2m100, marian, lambda: marian((">>deu<<", ">>fra<<"))],
    ids=["nllb", "m2m100", "marian", "marian-prefix"],
)  # fmt: skip
@pytest.mark.parametrize("beams", [1, 2])
def test_translations_do_not_depend_on_batches(folder, beams):
    model = load(folder(), beams=beams)
    found = translations(model)
    assert len(set(found)) > 1
    assert found == translations(model, max_tokens=1)
    assert found == translations(load(folder(), beams=beams))


@pytest.mark.parametrize(
    ("folder", "codes"),
    [(nllb, {"en": "eng_Latn", "de": "deu_Latn", "sw": "swh_Latn"}), (m2m100, {})],
)
def test_the_first_token_is_the_target_language(folder, codes):
    into_german = load(folder(), codes=codes)
    into_swahili = load(folder(), codes=codes, languages=("en", "sw"))
    known = language_codes(into_german.tokenizer)
    for model, code in ((into_german, "de"), (into_swahili, "sw")):
        assert model._settings["forced_bos_token_id"] == known[codes.get(code, code)]
    assert translations(into_german) != translations(into_swahili)


def test_the_source_language_is_part_of_the_input():
    token_ids = load(nllb()).encode(["a bird"])[0]
    model = load(nllb(), languages=("sw", "de"), codes={"sw": "swh_Latn", "de": "deu_Latn"})
    other = model.encode(["a bird"])[0]
    assert token_ids[1:] == other[1:]
    assert token_ids[0] != other[0]


def test_marian_prefixes():
    prefixed = load(marian((">>deu<<", ">>fra<<")))
    assert prefixed.encode(["a bird"])[0][0] == prefixed.tokenizer.encoder[">>deu<<"]
    plain = load(marian(), languages=("en", "tlh"), codes={})
    assert plain.encode(["a bird"]) == load(marian()).encode(["a bird"])


@pytest.mark.parametrize("folder", [nllb, m2m100, lambda: marian((">>deu<<", ">>fra<<"))])
def test_a_language_that_the_model_lacks(folder):
    with pytest.raises(UserError, match=r"does not know the language .tlh.*codes\.tlh"):
        load(folder(), languages=("en", "tlh"))


def test_a_folder_that_is_not_a_model(tmp_path):
    with pytest.raises(UserError, match="cannot be loaded"):
        load(tmp_path)


def test_long_texts_are_truncated_and_counted():
    model = load(nllb(), max_length=8)
    assert [len(ids) <= 8 for ids in model.encode(["a bird", "the cat sees " * 9])] == [True, True]
    assert model.cut == 1


def test_an_interrupted_translation_resumes(tmp_path, monkeypatch):
    monkeypatch.setattr("xstilts.translation.translate.CHUNK", 2)
    model = load(nllb())
    whole = translate_in_chunks(TEXTS, model, tmp_path / "whole", 400)
    done = sorted((tmp_path / "whole").iterdir())
    assert len(done) == 3
    done[0].unlink()
    calls: list[int] = []
    translate = model.translate

    def counted(token_ids, max_tokens):
        calls.append(len(token_ids))
        return translate(token_ids, max_tokens)

    monkeypatch.setattr(model, "translate", counted)
    assert translate_in_chunks(TEXTS, model, tmp_path / "whole", 400) == whole
    assert len(calls) == 1


def test_rows_of_a_kind(tmp_path):
    rows = [
        {"id": str(i), "text_a": TEXTS[i % 5], "text_b": None if i == 3 else TEXTS[i % 2],
         "label": "yes"}
        for i in range(20)
    ]  # fmt: skip
    source = {
        "translation_from": "en", "codes": {"en": "eng_Latn", "de": "deu_Latn"}, "beams": 2,
        "max_length": 12, "sentences": True, "precision": "fp32",
    }  # fmt: skip
    identity = {"kind": "classification", "language": "de", "source": source}
    result, facts = translate_rows(
        rows, nllb(), identity, state=tmp_path, max_tokens=400, device="cpu"
    )
    assert facts["distinct"] == 5
    assert facts["sentences"] == 5
    kept = {row["id"]: row for row in result.rows}
    assert len(kept) + result.lost["empty translation"] == 20
    for identifier, row in kept.items():
        source_row = rows[int(identifier)]
        assert row["label"] == "yes"
        assert row["text_a"] != source_row["text_a"]
        assert (row["text_b"] is None) == (source_row["text_b"] is None)


def test_code_of_a_translation_model_never_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(nllb(), tmp_path / "model"))
    marker = tmp_path / "executed"
    (folder / "custom_generate").mkdir()
    for name in ("mine.py", "custom_generate/generate.py"):
        (folder / name).write_text(CODE.format(marker=str(marker)))
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = dict.fromkeys(("AutoConfig", "AutoModelForSeq2SeqLM"), "mine.Model")
    monkeypatch.setattr(dynamic_module_utils, "TIME_OUT_REMOTE_CODE", 15)
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n" * 20))
    for kind in (config["model_type"], "mine"):
        (folder / "config.json").write_text(json.dumps({**config, "model_type": kind}))
        if kind == "mine":
            with pytest.raises(UserError, match="cannot be loaded as a sequence-to-sequence"):
                load(folder)
        else:
            model = load(folder)
            assert model.translate(model.encode(TEXTS[:1]), 100)
    assert not marker.exists()
