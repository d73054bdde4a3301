"""Whole stages: learning, exact resuming, independence of runtime settings."""

from __future__ import annotations

import json
import math
import os
import signal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from engine_world import ARCHITECTURE, labels_of, make_tokens, recipe, rows_of, runtime
from safetensors.torch import load_file
from toy_stage import stage

from xstilts.errors import Interrupted, UserError
from xstilts.models.heads import HeadSpec
from xstilts.tokens.store import TokenTable
from xstilts.training.loop import train
from xstilts.training.sampler import TrainingSet
from xstilts.training.state import clear_state, load_state, save_state

FILES = ("model.safetensors", "heads.safetensors", "heads.json", "config.json")
NO_DROPOUT = {**ARCHITECTURE, "dropout": 0.0}


def model_bytes(folder: Path) -> list[bytes]:
    return [(folder / file).read_bytes() for file in FILES]


@pytest.mark.parametrize("kind", ["classification", "span", "tagging", "multiple_choice", "mlm"])
def test_loss_starts_at_chance_and_falls(tmp_path: Path, kind: str) -> None:
    result = stage(tmp_path, (kind,), count=160, epochs=8.0)
    losses = pq.read_table(tmp_path / "model/history.parquet").column("loss").to_pylist()
    chance = {
        "classification": math.log(2),
        "tagging": math.log(2),
        "span": 2.8,
        "multiple_choice": math.log(3),
        "mlm": 4.5,
    }
    assert losses[0] == pytest.approx(chance[kind], abs=0.35)
    assert result.final_loss < 0.95 * losses[0]
    assert result.steps == len(losses)
    assert result.heads == {kind: "fresh"}


def test_the_result_does_not_depend_on_micro_batches(tmp_path: Path) -> None:
    kinds = ("classification", "span", "tagging", "multiple_choice", "mlm")
    # AdamW's epsilon keeps rounding errors of tiny gradients from becoming whole steps
    plan = {"epochs": 0.5, "adam_epsilon": 1e-3}
    # the smallest max_tokens is less than an example's choices, which still stay together
    for out, max_tokens in (("whole", 100_000), ("split", 60), ("single", 1)):
        run = {"max_tokens": max_tokens}
        stage(tmp_path, kinds, start=NO_DROPOUT, out=out, run=run, **plan)
    for file in ("model.safetensors", "heads.safetensors"):
        whole, *others = (load_file(tmp_path / o / file) for o in ("whole", "split", "single"))
        for name, tensor in whole.items():
            for other in others:
                assert torch.allclose(tensor, other[name], atol=2e-6), name


def test_a_batch_counts_examples_not_choices(tmp_path: Path) -> None:
    result = stage(tmp_path, ("multiple_choice",), count=40, batch_size=16, epochs=1.0)
    assert result.steps == 3
    tokens = make_tokens(tmp_path, "multiple_choice", 40)[1]
    assert result.tokens == TokenTable.open(tokens).lengths.sum()


def test_a_head_for_three_choices_continues_with_two(tmp_path: Path) -> None:
    stage(tmp_path, ("multiple_choice",), out="parent")
    rows = rows_of("multiple_choice", 30, 5)
    for number, row in enumerate(rows):
        del row["choices"][(row["label"] + 1) % 3]
        row["choices"].sort(key=lambda choice: choice.split()[0] == row["question"])
        if number % 2:
            row["choices"].reverse()
        row["label"] = 1 - number % 2
    _, tokens = make_tokens(tmp_path, "multiple_choice", 30, 5, rows=rows)
    result = train(
        tmp_path / "parent",
        [TrainingSet(task="copa", language="en", tokens=tokens)],
        {"copa": HeadSpec(kind="multiple_choice")},
        recipe(learning_rate=0.0, max_steps=2, weight_decay=0.0, keep_head=True),
        seed=1,
        out_dir=tmp_path / "child",
        runtime=runtime(tmp_path, state_dir=tmp_path / "none"),
    )
    assert result.heads == {"copa": "parent:multiple_choice"}
    parent, child = (load_file(tmp_path / o / "heads.safetensors") for o in ("parent", "child"))
    for name in ("dense.weight", "output.weight"):
        assert torch.equal(parent[f"multiple_choice.{name}"], child[f"copa.{name}"])


def test_an_interrupted_stage_ends_in_the_same_bytes(tmp_path: Path) -> None:
    kinds = ("classification", "mlm")
    stage(tmp_path, kinds, out="straight", run={"state_dir": tmp_path / "unused"})
    for stop in (2, 5):
        with pytest.raises(Interrupted, match=f"after step {stop}"):
            stage(tmp_path, kinds, out="resumed", run={"stop_after": stop})
    assert not (tmp_path / "resumed").exists()
    result = stage(tmp_path, kinds, out="resumed")
    assert result.resumed_at == 5
    assert model_bytes(tmp_path / "straight") == model_bytes(tmp_path / "resumed")
    histories = [
        pq.read_table(tmp_path / out / "history.parquet").drop_columns(["seconds"])
        for out in ("straight", "resumed")
    ]
    assert histories[0].equals(histories[1])


def test_another_seed_gives_another_model(tmp_path: Path) -> None:
    members = [
        TrainingSet(task="mlm", language="en", tokens=make_tokens(tmp_path, "mlm", 32)[1]),
    ]
    for seed in (1, 2):
        train(
            ARCHITECTURE, members, {"mlm": HeadSpec(kind="mlm")}, recipe(max_steps=1),
            seed=seed, out_dir=tmp_path / str(seed), runtime=runtime(tmp_path),
        )  # fmt: skip
    assert model_bytes(tmp_path / "1")[0] != model_bytes(tmp_path / "2")[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_stops_after_the_step_with_its_state_saved(
    tmp_path: Path, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    # the log line comes with the periodic saving after each step
    run = {"save_every_s": 0.0, "log": lambda _line: os.kill(os.getpid(), number)}
    with pytest.raises(Interrupted, match=f"{number.name}: stopped after step 2"):
        stage(tmp_path, run=run)
    found = load_state(tmp_path / "state", "toy")
    assert found is not None
    assert found[0] == 2
    assert signal.getsignal(number) == before


def test_a_state_of_another_identity_is_not_resumed(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        stage(tmp_path, run={"stop_after": 2})
    assert stage(tmp_path, run={"identity": "other"}).resumed_at == 0


def test_a_state_of_another_layout_is_refused_with_a_warning_and_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lines: list[str] = []
    with pytest.raises(Interrupted):
        stage(tmp_path, run={"stop_after": 2})
    (file,) = (tmp_path / "state").glob("*.json")
    # as saved before entries named a layout
    entry = json.loads(file.read_text())
    file.write_text(json.dumps({k: entry[k] for k in entry if k != "layout"}))
    with pytest.raises(Interrupted):
        stage(tmp_path, run={"stop_after": 1, "log": lines.append})
    assert "state of step 2 is not used" in caplog.text
    assert "training starts from the beginning" in caplog.text
    assert not any("going on" in line for line in lines)
    assert load_state(tmp_path / "state", "toy")[0] == 1


def test_a_damaged_state_falls_back_to_the_older_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for step in (10, 20, 30):
        save_state(tmp_path, "toy", step, {"weights": torch.full((3,), float(step))})
    assert load_state(tmp_path, "toy")[0] == 30
    newest = max(tmp_path.glob("*.pt"), key=lambda file: torch.load(file)["weights"][0])
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    step, state = load_state(tmp_path, "toy")
    assert (step, state["weights"][0].item()) == (20, 20.0)
    assert "damaged" in caplog.text
    for entry in tmp_path.glob("*.json"):
        entry.write_text("{")
    assert load_state(tmp_path, "toy") is None
    clear_state(tmp_path)
    assert not tmp_path.exists()


def test_a_diverging_loss_names_step_and_examples(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"step \d+ \(classification\).*en:\d+.*learning_rate"):
        stage(tmp_path, learning_rate=1e38, max_grad_norm=0.0, epochs=2.0, warmup=0.0)


def test_heads_of_the_parent(tmp_path: Path) -> None:
    stage(tmp_path, ("classification", "mlm"), out="parent")
    kinds = ("classification", "tagging", "mlm")
    run = {"state_dir": tmp_path / "none"}
    # at learning rate 0 the child is the parent, but for fresh heads
    plan = {"learning_rate": 0.0, "max_steps": 3, "weight_decay": 0.0}
    fresh = stage(tmp_path, kinds, start=tmp_path / "parent", out="fresh", run=run, **plan)
    kept = stage(
        tmp_path, kinds, start=tmp_path / "parent", out="kept", run=run, keep_head=True, **plan
    )
    assert fresh.heads == {"classification": "fresh", "tagging": "fresh", "mlm": "parent:mlm"}
    assert kept.heads["classification"] == "parent:classification"
    parent, child = (load_file(tmp_path / o / "heads.safetensors") for o in ("parent", "kept"))
    assert torch.equal(
        parent["classification.output.weight"], child["classification.output.weight"]
    )
    other = load_file(tmp_path / "fresh/heads.safetensors")
    assert not torch.equal(
        parent["classification.output.weight"], other["classification.output.weight"]
    )
    encoders = [load_file(tmp_path / o / "model.safetensors") for o in ("parent", "kept")]
    assert all(torch.equal(tensor, encoders[1][name]) for name, tensor in encoders[0].items())


def test_members_of_one_task_share_a_head(tmp_path: Path) -> None:
    members = [
        TrainingSet(task="toy", language=code, tokens=make_tokens(tmp_path, "tagging", count)[1])
        for code, count in (("de", 32), ("sw", 16))
    ]
    result = train(
        ARCHITECTURE, members, {"toy": HeadSpec(kind="tagging", labels=labels_of("tagging"))},
        recipe(batch_size=8), seed=1, out_dir=tmp_path / "model", runtime=runtime(tmp_path),
    )  # fmt: skip
    assert result.steps == 6
    lengths = [TokenTable.open(member.tokens).lengths.sum() for member in members]
    assert result.tokens == sum(lengths)


def test_bf16_trains_and_keeps_fp32_weights(tmp_path: Path) -> None:
    result = stage(tmp_path, precision="bf16", count=160, epochs=8.0)
    assert result.final_loss < 0.6
    weights = load_file(tmp_path / "model/model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.float32}


def test_a_full_disk_does_not_end_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("xstilts.training.loop.save_state", full)
    lines: list[str] = []
    result = stage(tmp_path, run={"save_every_s": 0.0, "log": lines.append})
    assert result.steps == 4
    assert sum("No space left" in line for line in lines) == 3
