"""Adapters: what they train, what they leave alone, and peft itself as the oracle."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import peft
import pyarrow.parquet as pq
import pytest
import torch
from engine_world import ARCHITECTURE, labels_of, make_tokens, recipe, runtime
from safetensors.torch import load_file
from test_training_oracle import SEED, STEPS, model_of, plan_of, trained_by_trainer
from transformers import XLMRobertaModel

from xstilts.config.adapters import Lora
from xstilts.errors import Interrupted, UserError
from xstilts.models.adapters import adapted_layers, linear_layers
from xstilts.models.encoder import build_encoder, hidden_states, load_encoder, save_encoder
from xstilts.models.heads import HeadSpec, load_head
from xstilts.prediction.options import PredictOptions
from xstilts.prediction.run import Item, predict
from xstilts.tokens.store import TokenTable
from xstilts.training.loop import train
from xstilts.training.sampler import TrainingSet
from xstilts.training.selection import DevSet, Selection
from xstilts.training.setup import build_stage_model

if TYPE_CHECKING:
    from xstilts.config.recipe import Recipe

KIND = "classification"
SPECS = {KIND: HeadSpec(kind=KIND, labels=labels_of(KIND))}
IDS = torch.tensor([[0, 9, 8, 7, 2], [0, 5, 6, 2, 1]])


def lora(**changes: Any) -> Lora:
    values = {"rank": 4, "alpha": 8.0, "dropout": 0.1, "modules": "all-linear", "merge": True}
    return Lora(**(values | changes))


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    return make_tokens(tmp_path, KIND, 96)[1]


@pytest.fixture
def start(tmp_path: Path, tokens: Path) -> Path:
    """A model to adapt."""
    return random_model(tmp_path / "start", tokens)


def random_model(folder: Path, tokens: Path, **shape: Any) -> Path:
    """A folder with an encoder for these tokens."""
    folder.mkdir()
    torch.manual_seed(5)
    vocab_size = TokenTable.open(tokens).metadata["vocab_size"]
    save_encoder(build_encoder({**ARCHITECTURE, "vocab_size": vocab_size, **shape}), folder)
    return folder


def run(
    folder: Path, start: Path, tokens: Path, plan: Recipe, name: str = "model", **how: Any
) -> Path:
    """Train a stage into a folder of its own."""
    member = TrainingSet(task=KIND, language="en", tokens=tokens)
    selection = how.pop("selection", None)
    arguments = {"seed": SEED, "out_dir": folder / name, "runtime": runtime(folder, **how)}
    train(start, [member], SPECS, plan, selection=selection, **arguments)
    return folder / name


def outputs(encoder: Any) -> torch.Tensor:
    """Return the hidden states of real tokens."""
    mask = (IDS != 1).long()
    with torch.inference_mode():
        found = hidden_states(encoder.eval(), {"input_ids": IDS, "attention_mask": mask})[-1]
    return found[mask.bool()]


# --- what is trained ----------------------------------------------------------------------------


def test_adapters_and_heads_are_trained_and_nothing_else(start: Path, tokens: Path) -> None:
    stage = build_stage_model(
        start, SPECS, vocab_size=0, recipe=recipe(lora=lora()), seed=1, device=torch.device("cpu")
    )
    names = {name for name, p in stage.encoder.named_parameters() if p.requires_grad}
    layers = linear_layers(load_encoder(start))
    assert len(layers) == ARCHITECTURE["num_layers"] * 6
    assert names == {
        f"{layer}.lora_{part}.default.weight" for layer in layers for part in ("A", "B")
    }
    heads = sum(1 for _ in stage.heads[KIND].parameters())
    assert len(list(stage.trainable())) == len(names) + heads
    assert set(stage.state()["encoder"]) == names


def test_frozen_weights_keep_every_bit(tmp_path: Path, start: Path, tokens: Path) -> None:
    plan = recipe(lora=lora(modules=["query", "intermediate.dense"]), max_steps=4)
    before = load_encoder(start).state_dict()
    after = load_encoder(run(tmp_path, start, tokens, plan)).state_dict()
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    ends = ("query.weight", "intermediate.dense.weight")
    assert changed == {name for name in before if name.endswith(ends)}


def test_modules_are_named_by_how_they_end(start: Path) -> None:
    encoder = load_encoder(start)
    assert len(adapted_layers(encoder, ["attention.output.dense", "value"])) == 4
    # what peft itself calls all linear layers
    tuner = peft.tuners.lora.LoraModel(
        encoder, peft.LoraConfig(target_modules="all-linear"), "default"
    )
    assert set(tuner.targeted_module_names) == set(linear_layers(load_encoder(start)))


def test_an_unknown_module_is_named_with_the_nearest(
    tmp_path: Path, start: Path, tokens: Path
) -> None:
    plan = recipe(lora=lora(modules=["qeury"]), max_steps=1)
    with pytest.raises(UserError, match=r"'qeury' is not a known linear layer.*mean 'query'"):
        run(tmp_path, start, tokens, plan)


# --- merged or not ------------------------------------------------------------------------------


def test_unmerged_adapters_predict_as_merged_ones(
    tmp_path: Path, start: Path, tokens: Path
) -> None:
    for merge in (True, False):
        plan = recipe(lora=lora(merge=merge), max_steps=6)
        run(tmp_path, start, tokens, plan, str(merge))
    merged, apart = tmp_path / "True", tmp_path / "False"
    assert not (apart / "model.safetensors").exists()
    assert (apart / "adapter_model.safetensors").stat().st_size < (
        merged / "model.safetensors"
    ).stat().st_size / 4
    found = []
    for folder in (merged, apart):
        out = folder / "predictions.parquet"
        data = tokens.with_suffix(".parquet")
        predict(
            folder, task=KIND, kind=KIND, labels=labels_of(KIND),
            items=[Item(language="en", tokens=tokens, data=data, out=out)],
            options=PredictOptions(), max_tokens=500, num_threads=1,
        )  # fmt: skip
        found.append(pq.read_table(out))
    assert found[0].equals(found[1])
    torch.testing.assert_close(outputs(load_encoder(merged)), outputs(load_encoder(apart)))
    # it is not the model that training started from
    assert not torch.allclose(
        outputs(load_encoder(merged)), outputs(load_encoder(start)), atol=0.02
    )


def test_adapters_are_read_by_peft_over_transformers_model(
    tmp_path: Path, start: Path, tokens: Path
) -> None:
    folder = run(tmp_path, start, tokens, recipe(lora=lora(merge=False), max_steps=6))
    theirs = peft.PeftModel.from_pretrained(XLMRobertaModel.from_pretrained(start), folder)
    torch.testing.assert_close(outputs(theirs), outputs(load_encoder(folder)), rtol=1e-4, atol=1e-5)


def test_a_stage_on_adapters_starts_from_their_sum(
    tmp_path: Path, start: Path, tokens: Path
) -> None:
    apart = recipe(lora=lora(merge=False), max_steps=4)
    first = run(tmp_path, start, tokens, apart, "first")
    still = recipe(lora=lora(merge=False), max_steps=1, learning_rate=0.0, weight_decay=0.0)
    second = run(tmp_path, first, tokens, still, "second")
    assert torch.equal(outputs(load_encoder(second)), outputs(load_encoder(first)))
    third = run(tmp_path, second, tokens, recipe(max_steps=2), "third")
    assert (third / "model.safetensors").is_file()
    assert load_head(third, KIND, load_encoder(third).config)


def test_adapters_without_their_parent_are_an_error(
    tmp_path: Path, start: Path, tokens: Path
) -> None:
    folder = run(tmp_path, start, tokens, recipe(lora=lora(merge=False), max_steps=1))
    (start / "manifest.json").write_text(
        json.dumps({"id": "", "identity": {}, "content": "new", "files": {}, "facts": {}})
    )
    with pytest.raises(UserError, match="is not the one that these adapters"):
        load_encoder(folder)
    start.rename(tmp_path / "away")
    with pytest.raises(UserError, match=r"adapters of the model in .*start, which does not exist"):
        load_encoder(folder)


# --- the oracle ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["classification", "tagging"])
def test_losses_are_those_of_peft(tmp_path: Path, kind: str) -> None:
    _, tokens = make_tokens(tmp_path, kind, 96)
    start = random_model(tmp_path / "start", tokens, dropout=0.0)
    specs = {kind: HeadSpec(kind=kind, labels=labels_of(kind))}
    changes = {"lora": lora(dropout=0.0), "learning_rate": 1e-2}
    plan = plan_of(kind).model_copy(update=changes)
    stage = build_stage_model(
        start, specs, vocab_size=0, recipe=plan, seed=SEED, device=torch.device("cpu")
    )
    model = model_of(kind, start, tokens)
    config = peft.LoraConfig(
        r=4, lora_alpha=8, target_modules=r"roberta\.encoder\..*(query|key|value|dense)",
        modules_to_save=["classifier"],
    )  # fmt: skip
    theirs = peft.get_peft_model(model, config)
    ours = {f"base_model.model.roberta.{n}": p for n, p in stage.encoder.named_parameters()}
    for name, parameter in theirs.named_parameters():
        if "lora_" in name:
            parameter.data.copy_(ours[name])
    expected = trained_by_trainer(kind, theirs, tokens, plan, tmp_path / "trainer")
    train(
        start, [TrainingSet(task=kind, language="en", tokens=tokens)], specs, plan, seed=SEED,
        out_dir=tmp_path / "model", runtime=runtime(tmp_path, max_tokens=150),
    )  # fmt: skip
    history = pq.read_table(tmp_path / "model/history.parquet")
    losses, norms = (history.column(name).to_pylist() for name in ("loss", "grad_norm"))
    assert len(losses) == STEPS
    assert losses == pytest.approx([loss for loss, _ in expected], rel=2e-4)
    assert norms == pytest.approx([norm for _, norm in expected], rel=2e-3)
    ours, merged = outputs(load_encoder(tmp_path / "model")), theirs.merge_and_unload().roberta
    torch.testing.assert_close(ours, outputs(merged), rtol=1e-3, atol=1e-4)
    # the comparison is of adapters that have learned something
    assert (ours - outputs(load_encoder(start))).abs().max() > 0.03


# --- interrupted, selected, recomputed ----------------------------------------------------------


def test_an_interrupted_stage_ends_with_the_same_bits(
    tmp_path: Path, start: Path, tokens: Path
) -> None:
    plan = recipe(lora=lora(merge=False), max_steps=6)
    whole = run(tmp_path, start, tokens, plan, "whole")
    with pytest.raises(Interrupted):
        run(tmp_path, start, tokens, plan, "stopped", stop_after=3)
    (file,) = (tmp_path / "state").glob("*.pt")
    state = torch.load(file, weights_only=True)
    assert all("lora_" in name for name in state["encoder"])
    numbers = sum(tensor.numel() for tensor in state["encoder"].values())
    moments = sum(one["exp_avg"].numel() for one in state["optimiser"].values())
    heads = sum(tensor.numel() for tensor in state["heads"][KIND].values())
    assert moments == numbers + heads
    stopped = run(tmp_path, start, tokens, plan, "stopped")
    for name in ("adapter_model.safetensors", "adapter_config.json", "heads.safetensors"):
        assert (whole / name).read_bytes() == (stopped / name).read_bytes()


def test_the_best_adapters_are_kept(tmp_path: Path, start: Path, tokens: Path) -> None:
    # a rate that ruins the model in the end
    plan = recipe(
        lora=lora(merge=False), max_steps=12, learning_rate=3e-2, schedule="constant",
        selection="best", eval_steps=3,
    )  # fmt: skip
    dev = DevSet(
        task=KIND, language="en", metric="accuracy", tokens=tokens,
        data=tokens.with_suffix(".parquet"),
    )  # fmt: skip
    selection = Selection([dev], SPECS, plan, runtime(tmp_path))
    folder = run(tmp_path, start, tokens, plan, selection=selection)
    rows = pq.read_table(folder / "selection.parquet").to_pylist()
    best = max(row["value"] for row in rows)
    assert len({row["value"] for row in rows}) > 1
    out = tmp_path / "out.parquet"
    predict(
        folder, task=KIND, kind=KIND, labels=labels_of(KIND),
        items=[Item(language="en", tokens=tokens, data=tokens.with_suffix(".parquet"), out=out)],
        options=PredictOptions(), max_tokens=500, num_threads=1,
    )  # fmt: skip
    table = pq.read_table(out)
    right = sum(
        a == b
        for a, b in zip(table["prediction"].to_pylist(), table["gold"].to_pylist(), strict=True)
    )
    assert 100 * right / table.num_rows == pytest.approx(best)


@pytest.mark.parametrize("change", ["padding_free", "checkpointing"])
def test_adapters_can_be_combined_with(
    tmp_path: Path, start: Path, tokens: Path, change: str
) -> None:
    """Without dropout, runtime settings do not change the result."""
    config = json.loads((start / "config.json").read_text())
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (start / "config.json").write_text(json.dumps(config))
    plain = recipe(lora=lora(dropout=0.0), max_steps=3)
    other = recipe(lora=lora(dropout=0.0), max_steps=3, padding_free=change == "padding_free")
    run(tmp_path, start, tokens, plain, "plain")
    run(tmp_path, start, tokens, other, "other", gradient_checkpointing=change == "checkpointing")
    weights = [load_file(tmp_path / name / "model.safetensors") for name in ("plain", "other")]
    for name in weights[0]:
        torch.testing.assert_close(weights[0][name], weights[1][name], rtol=1e-3, atol=1e-4)


def test_masked_tokens_are_predicted_with_frozen_embeddings(tmp_path: Path) -> None:
    _, tokens = make_tokens(tmp_path, "mlm", 48)
    start = random_model(tmp_path / "start", tokens)
    train(
        start, [TrainingSet(task="mlm", language="en", tokens=tokens)],
        {"mlm": HeadSpec(kind="mlm")},
        recipe(lora=lora(), max_steps=3), seed=SEED, out_dir=tmp_path / "model",
        runtime=runtime(tmp_path),
    )  # fmt: skip
    before, after = load_encoder(start).state_dict(), load_encoder(tmp_path / "model").state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {f"{name}.weight" for name in linear_layers(load_encoder(start))}


# --- quantised weights --------------------------------------------------------------------------


def test_without_bitsandbytes_the_package_is_named(
    tmp_path: Path, start: Path, tokens: Path
) -> None:
    if importlib.util.find_spec("bitsandbytes"):
        pytest.skip("bitsandbytes is installed")
    plan = recipe(lora=lora(merge=False, quantise="4bit"), max_steps=1)
    with pytest.raises(UserError, match="pip install bitsandbytes"):
        run(tmp_path, start, tokens, plan)


@pytest.mark.parametrize("bits", ["4bit", "8bit"])
def test_adapters_on_quantised_weights(tmp_path: Path, tokens: Path, bits: Any) -> None:
    pytest.importorskip("bitsandbytes")
    # NF4 has blocks of 64 weights
    start = random_model(tmp_path / "start", tokens, hidden_size=64, intermediate_size=128)
    plan = recipe(lora=lora(merge=False, quantise=bits), max_steps=4)
    folder = run(tmp_path, start, tokens, plan)
    assert json.loads((folder / "parent.json").read_text())["quantise"] == bits
    trained, summed = load_encoder(folder, as_trained=True), load_encoder(folder)
    layer = trained.get_submodule("encoder.layer.0.attention.self.query")
    assert type(layer.base_layer).__name__ == ("Linear4bit" if bits == "4bit" else "Linear8bitLt")
    near = outputs(trained.to("cpu"))
    assert 0 < (near - outputs(summed)).abs().max() < 1
    # a further stage starts from weights in fp32
    again = run(tmp_path, folder, tokens, recipe(max_steps=1, learning_rate=0.0), "again")
    torch.testing.assert_close(outputs(load_encoder(again)), outputs(summed))
