"""An exported model gives plain transformers the outputs that it was trained with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from engine_world import SHARED, labels_of, needs_shared, sentences, tokenizer_dir
from golden_stages import LORA
from published_models import published_model
from test_models_bert import TYPES
from test_models_bert import published as bert_type
from test_models_families import published as family
from toy_stage import stage

from xstilts.config.adapters import Lora
from xstilts.errors import UserError
from xstilts.export.model import convert
from xstilts.export.outputs import (
    Inputs,
    outputs_here,
    outputs_there,
    sample,
    takes_types,
)
from xstilts.export.tokenizer import write_tokenizer
from xstilts.export.trained import Trained, load_trained
from xstilts.export.usage import Parent, class_name, code_of, use_of
from xstilts.export.write import write_adapter, write_model
from xstilts.jobs.base import import_base
from xstilts.models.encoder import hidden_states, input_embeddings, load_encoder, max_positions
from xstilts.models.heads import HeadSpec, load_head, new_head
from xstilts.tokens.tokenizer import load_tokenizer

CLASSES = {
    "classification": "AutoModelForSequenceClassification",
    "multiple_choice": "AutoModelForMultipleChoice",
    "span": "AutoModelForQuestionAnswering",
    "tagging": "AutoModelForTokenClassification",
    "mlm": "AutoModelForMaskedLM",
    "ranking": "AutoModel",
}
REAL = ("pawsx/dev-zh.tsv", "pawsx/dev-en.tsv", "pawsx/dev-es.tsv")


def full(*values: str) -> Any:
    """Values of a test that ``make test`` leaves out."""
    return pytest.param(*values, marks=pytest.mark.full)


def exported(folder: Path, kind: str) -> tuple[Path, Path, Any]:
    """Train a toy stage and export it; return its folder, the exported one and what was written."""
    stage(folder, (kind,), learning_rate=1e-2)
    out = folder / "out"
    out.mkdir()
    tokenizer = load_tokenizer(tokenizer_dir())
    trained = load_trained(folder / "model", kind)
    written = write_model(trained, sample(trained.encoder, tokenizer), out)
    longest = max_positions(trained.encoder)
    write_tokenizer(tokenizer, tokenizer_dir(), out, max_length=longest, types=False)
    return folder / "model", out, written


@torch.no_grad()
def logits_here(folder: Path, kind: str, inputs: Inputs) -> torch.Tensor:
    """Logits as jobs compute them, without any module of the export."""
    encoder = load_encoder(folder).eval()
    head: Any = load_head(folder, kind, encoder.config).eval()
    (hidden,) = hidden_states(encoder, inputs)
    if kind == "mlm":
        return torch.as_tensor(head(hidden, input_embeddings(encoder)))
    if kind in ("span", "tagging"):
        return torch.as_tensor(head(hidden))
    return torch.as_tensor(head(hidden, inputs["attention_mask"]))


@pytest.mark.parametrize("kind", CLASSES)
def test_transformers_computes_the_logits_of_each_kind_of_head(tmp_path: Path, kind: str) -> None:
    import transformers

    folder, out, written = exported(tmp_path, kind)
    assert CLASSES[kind] in code_of(written)
    tokenizer = transformers.AutoTokenizer.from_pretrained(out)
    model = getattr(transformers, CLASSES[kind]).from_pretrained(out).eval()
    texts = sentences(6, 3)
    inputs = dict(tokenizer(texts, texts[::-1], padding=True, return_tensors="pt"))
    here = logits_here(folder, kind, inputs)
    if kind == "multiple_choice":
        inputs = {name: tensor[None] for name, tensor in inputs.items()}
    with torch.no_grad():
        found = model(**inputs)
    if kind == "span":
        there = torch.stack([found.start_logits, found.end_logits], -1)
    elif kind == "ranking":
        there = torch.nn.functional.normalize(found.pooler_output, dim=-1)
        assert "pooler_output" in use_of(written)
    else:
        there = found.logits.reshape(here.shape)
    torch.testing.assert_close(there, here, atol=1e-5, rtol=1e-4)
    if labels := labels_of(kind):
        assert model.config.id2label == dict(enumerate(labels))


def random_model(folder: Path, kind: str) -> tuple[Trained, Inputs]:
    """A model of a published type with a random head of a kind, and token ids."""
    encoder = load_encoder(folder).eval()
    torch.manual_seed(0)
    ids = torch.randint(5, encoder.config.vocab_size, (3, 10))
    mask = torch.ones_like(ids)
    ids[1, 7:], mask[1, 7:] = encoder.config.pad_token_id, 0
    inputs = {"input_ids": ids, "attention_mask": mask}
    spec = HeadSpec(kind=kind, labels=labels_of(kind))
    head = new_head(spec, encoder.config).eval()
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return Trained(encoder=encoder, name="task", spec=spec, head=head), inputs


@pytest.mark.parametrize(
    "name",
    [
        name if name in ("bert", "xlm-roberta") else pytest.param(name, marks=pytest.mark.full)
        for name in TYPES
        if not name.startswith("electra")
    ],
)
def test_each_type_of_bert_has_a_class_for_each_head(tmp_path: Path, name: str) -> None:
    folder = bert_type(name, tmp_path)
    for kind, wanted in CLASSES.items():
        converted = convert(*random_model(folder, kind))
        assert (converted.kind, class_name(converted)) == (kind, wanted)


@pytest.mark.parametrize(
    ("name", "kind", "wanted"),
    [
        ("deberta_v2", "classification", "DebertaV2ForSequenceClassification"),
        full("deberta_v2", "multiple_choice", "DebertaV2ForMultipleChoice"),
        full("electra", "multiple_choice", "ElectraForMultipleChoice"),
        full("mt5", "tagging", "MT5ForTokenClassification"),
        full("qwen2", "span", "Qwen2ForQuestionAnswering"),
        # same names of weights, another activation
        ("electra", "classification", "ElectraModel"),
        # encoder and decoder
        ("mt5", "classification", "MT5EncoderModel"),
        # another head
        full("modernbert", "tagging", "ModernBertModel"),
        # one linear layer
        full("qwen2", "classification", "Qwen2Model"),
    ],
)
def test_a_head_without_an_equal_class_leaves_the_encoder(
    tmp_path: Path, name: str, kind: str, wanted: str
) -> None:
    trained, inputs = random_model(family(name, tmp_path / "start"), kind)
    written = write_model(trained, inputs, tmp_path / "out")
    assert type(written.converted.model).__name__ == wanted
    without = wanted.endswith("Model")
    assert (written.converted.kind == "") == without
    assert ("the encoder alone: transformers has no class" in use_of(written)) == without


@pytest.mark.parametrize("kind", ["classification", full("tagging"), full("mlm")])
def test_adapters_are_exported_for_peft(tmp_path: Path, kind: str) -> None:
    import peft
    import transformers

    stage(tmp_path, (kind,), out="start")
    stage(tmp_path, (kind,), start=tmp_path / "start", lora=Lora(**LORA), learning_rate=1e-1)
    out, whole = tmp_path / "out", tmp_path / "whole"
    out.mkdir()
    trained = load_trained(tmp_path / "model", kind)
    inputs = sample(trained.encoder, load_tokenizer(tokenizer_dir()))
    parent = Parent(folder=tmp_path / "start", name="owner/start")
    written = write_adapter(trained, inputs, tmp_path / "model", parent, out)
    assert 'from_pretrained("owner/start", config=config)' in code_of(written)
    # peft has no layer for the tied output of masked language modelling
    assert written.converted.kind == ("" if kind == "mlm" else kind)

    # the exported parent gives the same, through peft as its users call it
    write_model(load_trained(tmp_path / "start", ""), inputs, whole)
    config = transformers.AutoConfig.from_pretrained(out)
    loader = getattr(transformers, class_name(written.converted))
    base = loader.from_pretrained(whole, config=config)
    model = peft.PeftModel.from_pretrained(base, out).eval()
    with torch.no_grad():
        found = model(**inputs)
        if kind != "mlm":
            here = logits_here(tmp_path / "model", kind, inputs)
            torch.testing.assert_close(found.logits, here, atol=1e-4, rtol=1e-4)
        else:
            (hidden,) = hidden_states(trained.encoder, inputs)
            torch.testing.assert_close(found.last_hidden_state, hidden, atol=1e-4, rtol=1e-4)


@pytest.mark.full
def test_adapters_of_another_parent_are_an_error(tmp_path: Path) -> None:
    for name in ("start", "other"):
        stage(tmp_path, out=name, learning_rate=1e-2 if name == "start" else 1e-1)
    stage(tmp_path, start=tmp_path / "start", lora=Lora(**LORA))
    trained = load_trained(tmp_path / "model", "classification")
    inputs = sample(trained.encoder, load_tokenizer(tokenizer_dir()))
    write_model(load_trained(tmp_path / "other", ""), inputs, tmp_path / "whole")
    parent = Parent(folder=tmp_path / "start", name=str(tmp_path / "whole"))
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match=r"other outputs than the trained one.*--parent"):
        write_adapter(trained, inputs, tmp_path / "model", parent, tmp_path / "out")


def test_templates_of_texts_are_exported(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    # Qwen's own tokenizer puts nothing around texts, and nothing between those of a pair
    source = published_model("qwen2", tmp_path / "published")
    tokenizer = load_tokenizer(source)
    write_tokenizer(tokenizer, source, tmp_path / "out", max_length=64, types=False)
    written = AutoTokenizer.from_pretrained(tmp_path / "out")
    pair = ("a bird sees", "a house")
    assert written(*pair)["input_ids"] == tokenizer.backend.encode(*pair).ids
    assert written(*pair)["input_ids"] != AutoTokenizer.from_pretrained(source)(*pair)["input_ids"]


@pytest.fixture(scope="module", params=[(), ("--xlm-roberta",)], ids=["bert", "xlm-roberta"])
def real_model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Tokenizer and model of a real multilingual encoder, as imported by a study."""
    folder, script = tmp_path_factory.mktemp("real"), SHARED.parent / "realmodel/make.py"
    if not script.is_file():
        pytest.skip(f"{script} is not present")
    made = subprocess.run([sys.executable, script, folder / "published", *request.param],
                          capture_output=True, text=True, check=False)  # fmt: skip
    if made.returncode:
        pytest.skip(f"the model cannot be made here: {made.stderr[-300:]}")
    import_base(
        {"path": str(folder / "published"), "hub": None, "revision": None},
        tokenizer=folder / "tokenizer/manifest.json", model=folder / "model/manifest.json",
    )  # fmt: skip
    return folder / "tokenizer", folder / "model"


@pytest.mark.full
@needs_shared
def test_a_real_encoder_on_real_sentences(tmp_path: Path, real_model: tuple[Path, Path]) -> None:
    import transformers

    source, folder = real_model
    tokenizer = load_tokenizer(source)
    files = ((SHARED / name).read_text(encoding="utf-8").splitlines()[1:3] for name in REAL)
    pairs = [row.split("\t")[:2] for rows in files for row in rows]
    for kind in CLASSES:
        trained, _ = random_model(folder, kind)
        types = takes_types(trained.encoder, tokenizer)
        out = tmp_path / kind
        written = write_model(trained, sample(trained.encoder, tokenizer), out)
        write_tokenizer(tokenizer, source, out, max_length=512, types=types)
        assert class_name(written.converted) == CLASSES[kind]
        model = getattr(transformers, CLASSES[kind]).from_pretrained(out).eval()
        loaded = transformers.AutoTokenizer.from_pretrained(out)
        texts = [list(side) for side in zip(*pairs, strict=True)]
        inputs = dict(loaded(*texts, padding=True, truncation=True, return_tensors="pt"))
        assert ("token_type_ids" in inputs) == types
        ids = [tokenizer.backend.encode(*pair).ids for pair in pairs]
        masks = inputs["attention_mask"].bool()
        assert [
            row[mask].tolist() for row, mask in zip(inputs["input_ids"], masks, strict=True)
        ] == ids
        here = outputs_here(trained, inputs, kind)
        torch.testing.assert_close(outputs_there(model, inputs, kind), here, atol=1e-4, rtol=1e-4)
