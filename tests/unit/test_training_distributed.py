"""Stages of several processes: equal to one process, exact resuming, and errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from engine_world import ARCHITECTURE, make_tokens
from process_group_world import HERE, stage, stages, together
from safetensors.torch import load_file
from test_models_families import FAMILIES, published

from xstilts.errors import Interrupted, UserError
from xstilts.models.encoder import load_encoder
from xstilts.models.layers import layers_of
from xstilts.training.state import load_state

Mode = Literal["ddp", "fsdp"]
NO_DROPOUT = {**ARCHITECTURE, "dropout": 0.0}
KINDS = ("classification", "mlm", "multiple_choice", "span")
# 50 examples in batches of 7: the last has one, which leaves a process without any
UNEVEN = {"batch_size": 7, "adam_epsilon": 1e-3, "epochs": 1.0}
SMALL_MICRO_BATCHES = {"max_tokens": 120}
FILES = ("model.safetensors", "heads.safetensors")


def wanted(folder: Path, out: str, kinds: tuple[str, ...] = KINDS, **others: Any) -> dict[str, Any]:
    """A stage for ``process_group_world``."""
    tokens = {kind: str(make_tokens(folder, kind, 50)[1]) for kind in kinds}
    start = others.pop("start", NO_DROPOUT)
    run = {**SMALL_MICRO_BATCHES, **others.pop("run", {})}
    return {
        "folder": str(folder), "out": out, "start": start, "tokens": tokens, "run": run, **others
    }  # fmt: skip


def same_but_for_rounding(one: Path, other: Path, tolerance: float = 2e-6) -> None:
    """Compare losses, gradient norms and weights of two stages."""
    histories = [pq.read_table(folder / "history.parquet") for folder in (one, other)]
    for name in ("task", "tokens", "learning_rate"):
        assert histories[0].column(name).equals(histories[1].column(name))
    for name in ("loss", "grad_norm"):
        first, second = (history.column(name).to_numpy() for history in histories)
        np.testing.assert_allclose(first, second, rtol=50 * tolerance)
    if (one / "data_map.parquet").exists():
        maps = [pq.read_table(folder / "data_map.parquet").to_pandas() for folder in (one, other)]
        assert maps[0].iloc[:, :5].equals(maps[1].iloc[:, :5])
        np.testing.assert_allclose(maps[0].iloc[:, 5:], maps[1].iloc[:, 5:], atol=1e-3)
    for file in FILES:
        first, second = load_file(one / file), load_file(other / file)
        assert first.keys() == second.keys()
        for name, tensor in first.items():
            torch.testing.assert_close(tensor, second[name], atol=tolerance, rtol=0, msg=name)


def same_bytes(one: Path, other: Path) -> None:
    for file in FILES:
        assert (one / file).read_bytes() == (other / file).read_bytes(), file


@pytest.fixture(scope="module", params=["ddp", "fsdp"])
def group(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Train several stages in two processes; return folder, results and mode."""
    folder = tmp_path_factory.mktemp(request.param)
    dev = {
        "classification": (
            "accuracy",
            *map(str, reversed(make_tokens(folder, "classification", 30, 7))),
        )
    }
    dropout = {"recipe": {**UNEVEN, "epochs": 0.5}, "start": ARCHITECTURE}
    stopped = {**dropout, "run": {"stop_after": 4}}
    selecting = {"recipe": {**UNEVEN, "selection": "best", "eval_steps": 2, "patience": 0,
                            "learning_rate": 3e-2, "epochs": 3.0}}  # fmt: skip
    found = together(
        stages,
        {
            "stages": [
                wanted(folder, "even", recipe=UNEVEN),
                wanted(folder, "straight", **dropout),
                wanted(folder, "parts", **stopped),
                wanted(folder, "parts", **dropout),
                wanted(folder, "passed-on", recipe=UNEVEN, run={"stop_after": 5}),
                wanted(folder, "best", ("classification",), dev=dev, **selecting),
                wanted(folder, "again", recipe=UNEVEN, run={"gradient_checkpointing": True}),
            ]
        },
        request.param,
    )
    return folder, found, request.param, dev, selecting


@pytest.mark.slow
def test_several_processes_train_as_one_does(group: Any) -> None:
    folder, found, *_ = group
    alone = stage(wanted(folder, "alone", recipe=UNEVEN))
    same_but_for_rounding(folder / "alone", folder / "even")
    for key in ("steps", "tokens", "kept_step", "heads"):
        assert found[0][key] == alone[key]
    for file in ("config.json", "heads.json"):
        assert (folder / "even" / file).read_bytes() == (folder / "alone" / file).read_bytes()


@pytest.mark.slow
def test_a_stage_of_several_processes_resumes_to_the_same_bytes(group: Any) -> None:
    folder, found, *_ = group
    assert found[2].startswith("stop_after: stopped after step 4 of")
    assert found[3]["resumed_at"] == 4
    same_bytes(folder / "straight", folder / "parts")


@pytest.mark.slow
def test_dropout_of_the_processes_differs_and_trains(group: Any) -> None:
    folder, *_ = group
    stage(wanted(folder, "wet", start=ARCHITECTURE, recipe={**UNEVEN, "epochs": 0.5}))
    losses = [
        pq.read_table(folder / out / "history.parquet").column("loss").to_numpy()
        for out in ("wet", "straight")
    ]
    # other draws from the same distribution
    assert not np.allclose(losses[0], losses[1], rtol=1e-6)
    np.testing.assert_allclose(losses[0], losses[1], rtol=0.25)


@pytest.mark.slow
def test_the_state_of_several_processes_is_that_of_one(group: Any) -> None:
    folder, found, *_ = group
    assert found[4].startswith("stop_after")
    result = stage(wanted(folder, "passed-on", recipe=UNEVEN))
    assert result["resumed_at"] == 5
    same_but_for_rounding(folder / "even", folder / "passed-on")


@pytest.mark.slow
def test_selection_keeps_the_same_weights(group: Any) -> None:
    folder, found, _, dev, selecting = group
    alone = stage(wanted(folder, "one-best", ("classification",), dev=dev, **selecting))
    together = found[5]
    assert together["dev_score"] == pytest.approx(alone["dev_score"])
    assert together["kept_step"] == alone["kept_step"] < alone["steps"]
    same_but_for_rounding(folder / "one-best", folder / "best", 1e-4)
    rows = [pq.read_table(folder / o / "selection.parquet") for o in ("one-best", "best")]
    assert rows[0].equals(rows[1])


@pytest.mark.slow
def test_gradient_checkpointing_changes_nothing(group: Any) -> None:
    folder, found, *_ = group
    assert found[6]["calls"] > 1.5 * found[0]["calls"]
    same_but_for_rounding(folder / "even", folder / "again")


@pytest.mark.full
def test_bf16_in_shards_is_bf16_in_one_process(tmp_path: Path) -> None:
    plan = {**UNEVEN, "precision": "bf16", "learning_rate": 1e-3}
    for out in ("alone", "shards"):
        one = wanted(tmp_path, out, ("classification", "mlm"), recipe=plan)
        if out == "alone":
            stage(one)
        else:
            together(stage, one, "fsdp", precision="bf16")
    losses = [
        pq.read_table(tmp_path / out / "history.parquet").column("loss").to_numpy()
        for out in ("alone", "shards")
    ]
    np.testing.assert_allclose(losses[0], losses[1], rtol=5e-3)
    weights = load_file(tmp_path / "shards/model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.float32}


# a family each of: layers named by transformers, a decoder, an encoder of T5 with shared positions
@pytest.mark.full
def test_families_in_shards(tmp_path: Path) -> None:
    families = ("xlm_roberta_xl", "bert", "mt5", "modernbert", "qwen3", "bloom")
    kinds = ("tagging", "classification")
    plans = []
    for family in families:
        start = published(family, tmp_path / f"start-{family}")
        plan = {"max_steps": 3, "batch_size": 6, "adam_epsilon": 1e-3, "learning_rate": 1e-3}
        plans.append(wanted(tmp_path, family, kinds, start=str(start), recipe=plan))
    for plan in plans:
        # BERT and others have dropout by default: at a rate of 0 the two would be equal anyway
        config = Path(plan["start"]) / "config.json"
        config.write_text(_without_dropout(config.read_text(encoding="utf-8")), encoding="utf-8")
    together(stages, {"stages": plans}, "fsdp")
    for family, plan in zip(families, plans, strict=True):
        stage({**plan, "out": f"alone-{family}"})
        same_but_for_rounding(tmp_path / f"alone-{family}", tmp_path / family, 1e-5)
        for out in (family, f"alone-{family}"):
            load_encoder(tmp_path / out)
        configs = [
            (tmp_path / out / "config.json").read_text() for out in (family, f"alone-{family}")
        ]
        assert configs[0] == configs[1]


def _without_dropout(text: str) -> str:
    """A configuration in which every rate of dropout is 0."""
    values = json.loads(text)
    rates = {name: 0.0 for name in values if "dropout" in name and values[name] is not None}
    return json.dumps(values | rates)


@pytest.mark.parametrize("family", FAMILIES)
def test_layers_of_a_family(tmp_path: Path, family: str) -> None:
    encoder = load_encoder(published(family, tmp_path))
    layers = layers_of(encoder)
    assert len(layers) == 2
    assert len({type(layer) for layer in layers}) == 1
    inside = {id(parameter) for layer in layers for parameter in layer.parameters()}
    assert id(encoder.get_input_embeddings().weight) not in inside
    # what stays outside are embeddings, norms and their like
    outside = [p for p in encoder.parameters() if id(p) not in inside]
    assert len(outside) < 10


@pytest.mark.slow
def test_a_process_that_dies_ends_the_stage_with_its_name(tmp_path: Path) -> None:
    one = wanted(tmp_path, "model", ("classification",), run={"save_steps": 2})
    one["signals"] = {"rank": 0, "step": 2, "number": signal.SIGKILL, "to_parent": False}
    with pytest.raises(RuntimeError, match=r"process 1 of 2 was killed by SIGKILL.*mem_mb"):
        together(stage, one, "ddp")
    found = load_state(tmp_path / "state-model", "toy")
    assert found is not None
    assert found[0] == 2
    # an error of all processes is reported once, unchanged
    one = wanted(tmp_path, "other", ("classification",))
    one["recipe"] = {"learning_rate": 1e38, "max_grad_norm": 0.0, "warmup": 0.0, "epochs": 3.0}
    with pytest.raises(UserError, match=r"step \d+ \(classification\).*learning_rate"):
        together(stage, one, "ddp")


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["ddp", pytest.param("fsdp", marks=pytest.mark.full)])
def test_a_signal_stops_all_processes_after_the_same_step(
    tmp_path: Path, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the others end before the main process has saved the state, which must not end it
    monkeypatch.setattr("xstilts.training.launch.GRACE", 0.1)
    one = wanted(tmp_path, "model", ("classification",), recipe={**UNEVEN, "epochs": 40.0})
    one["run"] |= {"save_steps": 1}
    one["signals"] = {"rank": 0, "step": 1, "number": signal.SIGTERM, "to_parent": True, "pause": 1}
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted, match=r"SIGTERM: stopped after step \d+ of 320"):
        together(stage, one, mode)
    assert signal.getsignal(signal.SIGTERM) == before
    found = load_state(tmp_path / "state-model", "toy")
    assert found is not None
    assert 1 < found[0] < 320


@pytest.mark.slow
def test_one_process_pays_nothing_for_the_others(tmp_path: Path) -> None:
    one = wanted(tmp_path, "model", ("classification",), recipe={"max_steps": 1})
    libraries = ["xstilts.training.distributed", "transformers"]
    code = (
        "import json, sys; from process_group_world import stage; "
        f"stage(json.loads(sys.argv[1])); print([m for m in {libraries} if m in sys.modules])"
    )
    paths = [str(HERE), *sys.path]
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(one)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
