"""Vocabulary pruning: the weights are those of training all rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
import toy_stage
from engine_world import ARCHITECTURE, labels_of, make_tokens, recipe, runtime
from safetensors.torch import load_file

from xstilts.config.adapters import Lora
from xstilts.errors import Interrupted
from xstilts.models.heads import HeadSpec
from xstilts.tokens.store import TokenTable
from xstilts.training import pruning, setup, vocabulary
from xstilts.training.loop import train
from xstilts.training.optimiser import decay_factor, learning_rate
from xstilts.training.sampler import TrainingSet
from xstilts.training.selection import DevSet, Selection
from xstilts.training.setup import build_stage_model
from xstilts.training.state import load_state
from xstilts.training.vocabulary import prune_vocabulary, used_token_ids

pytestmark = pytest.mark.slow

VOCAB_SIZE = 200_000
LARGE = {**ARCHITECTURE, "vocab_size": VOCAB_SIZE}
"""The toy data use about 200 of these tokens."""
MATRIX = "embeddings.word_embeddings.weight"
FILES = ("model.safetensors", "heads.safetensors")
# without clipping: the norm is a sum, and the order of its terms is another with all rows
SAME_BITS = {"max_grad_norm": 0.0, "weight_decay": 0.0}
MIXTURE = ("classification", "span", "tagging", "multiple_choice")


def stage(
    folder: Path,
    out: str,
    kinds: tuple[str, ...] = ("classification",),
    *,
    dev: bool = False,
    run: dict[str, Any] | None = None,
    **changes: Any,
) -> Any:
    """Train a toy stage with a large vocabulary into ``folder/out``."""
    run = {"state_dir": folder / f"state-{out}", **(run or {})}
    examples = 30 if dev else 0
    return toy_stage.stage(folder, kinds, start=LARGE, out=out, run=run, dev=examples, **changes)


def all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable vocabulary pruning from here on."""
    monkeypatch.setattr(pruning, "MIN_SAVED", 1 << 60)


def same_bytes(one: Path, other: Path) -> None:
    for file in FILES:
        assert (one / file).read_bytes() == (other / file).read_bytes(), file


def require_equal_bits(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kinds: tuple[str, ...], **plan: Any
) -> None:
    """Check that a stage has the same weights with and without pruning."""
    pruned = []

    def seen(*given: Any) -> Any:
        made = prune_vocabulary(*given)
        pruned.append(made is not None)
        return made

    monkeypatch.setattr(setup, "prune_vocabulary", seen)
    stage(folder, "rows", kinds, **SAME_BITS, **plan)
    all_rows(monkeypatch)
    stage(folder, "all", kinds, **SAME_BITS, **plan)
    assert pruned == [True, False]
    same_bytes(folder / "rows", folder / "all")


@pytest.mark.parametrize(
    "kinds", [*((kind,) for kind in MIXTURE), ("ranking",), MIXTURE], ids=lambda kinds: kinds[-1]
)
def test_weights_are_bit_for_bit_those_of_training_all_rows(
    tmp_path: Path, kinds: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_equal_bits(tmp_path, monkeypatch, kinds, run={"max_tokens": 150})


@pytest.mark.parametrize(
    ("changes", "run"),
    [
        ({"padding_free": True}, {}),
        ({"precision": "bf16"}, {}),
        ({}, {"gradient_checkpointing": True}),
        ({"label_smoothing": 0.1, "schedule": "cosine"}, {}),
    ],
    ids=["padding-free", "bf16", "gradient checkpointing", "smoothed"],
)
def test_options_of_training_give_the_same_bits(
    tmp_path: Path, changes: dict[str, Any], run: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_equal_bits(tmp_path, monkeypatch, ("classification",), run=run, **changes)


def test_clipping_and_decay_are_the_same_up_to_rounding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = {"max_grad_norm": 0.1, "weight_decay": 0.1, "epochs": 4.0, "adam_epsilon": 1e-5}
    result = stage(tmp_path, "rows", **plan)
    all_rows(monkeypatch)
    stage(tmp_path, "all", **plan)
    norms = [
        pq.read_table(tmp_path / out / "history.parquet")["grad_norm"].to_numpy()
        for out in ("rows", "all")
    ]
    np.testing.assert_allclose(*norms, rtol=1e-4)
    assert norms[0].max() > 0.1
    some, every = (load_file(tmp_path / out / "model.safetensors") for out in ("rows", "all"))
    assert some.keys() == every.keys()
    for name, tensor in every.items():
        torch.testing.assert_close(some[name], tensor, atol=2e-5, rtol=0, msg=name)
    # each step rounds twice: one minus rate times decay, and the product
    pruned = torch.from_numpy(np.setdiff1d(np.arange(VOCAB_SIZE), used_token_ids(tables(tmp_path))))
    tolerance = result.steps * 2 * 2**-24
    torch.testing.assert_close(some[MATRIX][pruned], every[MATRIX][pruned], atol=0, rtol=tolerance)
    # decay is seen, and its product is that of the rates
    start = build_stage_model(
        LARGE,
        {"classification": HeadSpec(kind="classification", labels=labels_of("classification"))},
        vocab_size=0,
        recipe=recipe(),
        seed=1,
        device=torch.device("cpu"),
    ).encoder.get_input_embeddings().weight[pruned]  # fmt: skip
    left = (some[MATRIX][pruned] / start).nanmedian().item()
    settings = recipe(**plan)
    rates = [learning_rate(step, result.steps, settings) for step in range(result.steps)]
    assert left == pytest.approx(np.prod([1 - 0.1 * rate for rate in rates]), rel=1e-6)
    assert left < 0.999


def tables(folder: Path) -> list[TokenTable]:
    return [TokenTable.open(path) for path in sorted(folder.glob("*.arrow"))]


def test_the_decay_factor_is_known_at_every_step() -> None:
    plan = recipe(weight_decay=0.5, learning_rate=0.1, warmup=0.0, schedule="constant")
    assert decay_factor(0, 9, plan) == 1.0
    assert decay_factor(3, 9, plan) == pytest.approx(0.95**3)
    assert decay_factor(9, 9, recipe(weight_decay=0.0)) == 1.0


@pytest.mark.parametrize("stop_after", [1, 5, 9])
def test_a_stage_with_selection_resumes_to_the_same_bytes(tmp_path: Path, stop_after: int) -> None:
    plan = {"selection": "best", "eval_steps": 2, "patience": 3, "epochs": 6.0,
            "learning_rate": 1e-2}  # fmt: skip
    kinds = ("classification", "tagging")
    whole = stage(tmp_path, "whole", kinds, dev=True, **plan)
    with pytest.raises(Interrupted):
        stage(tmp_path, "parts", kinds, dev=True, run={"stop_after": stop_after}, **plan)
    parts = stage(tmp_path, "parts", kinds, dev=True, **plan)
    assert parts.resumed_at == stop_after
    assert parts.kept_step == whole.kept_step
    same_bytes(tmp_path / "whole", tmp_path / "parts")


def test_weights_of_an_early_step_have_decayed_until_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # at once at its best: later weights are much changed, and not kept
    plan = {"selection": "best", "eval_steps": 1, "patience": 2, "epochs": 6.0, "warmup": 0.0,
            "learning_rate": 1e-2, "weight_decay": 1.0, "max_grad_norm": 0.0}  # fmt: skip
    result = stage(tmp_path, "rows", ("tagging",), dev=True, **plan)
    assert result.kept_step < result.steps < 24
    all_rows(monkeypatch)
    again = stage(tmp_path, "all", ("tagging",), dev=True, **plan)
    assert (again.kept_step, again.dev_score) == (result.kept_step, result.dev_score)
    some, every = (load_file(tmp_path / out / "model.safetensors") for out in ("rows", "all"))
    for name, tensor in every.items():
        torch.testing.assert_close(some[name], tensor, atol=0, rtol=1e-5, msg=name)


def test_dev_sets_may_have_tokens_that_training_sets_lack(tmp_path: Path) -> None:
    few = [{"id": str(i), "text_a": "cat", "text_b": "dog", "label": "good"} for i in range(16)]
    data, dev = make_tokens(tmp_path, "classification", 30, seed=7)
    _, tokens = make_tokens(tmp_path, "classification", 16, rows=few)
    seen = [used_token_ids([TokenTable.open(path)]) for path in (tokens, dev)]
    assert not set(seen[1]) <= set(seen[0])
    heads = {"toy": HeadSpec(kind="classification", labels=labels_of("classification"))}
    plan, how = recipe(selection="best"), runtime(tmp_path)
    dev_set = DevSet(task="toy", language="en", metric="accuracy", tokens=dev, data=data)
    result = train(
        LARGE,
        [TrainingSet(task="toy", language="en", tokens=tokens)],
        heads,
        plan,
        seed=1,
        out_dir=tmp_path / "model",
        runtime=how,
        selection=Selection([dev_set], heads, plan, how),
    )
    assert result.dev_score is not None


def test_a_saved_state_has_the_trained_rows_only(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        stage(tmp_path, "model", run={"stop_after": 2})
    found = load_state(tmp_path / "state-model", "toy")
    assert found is not None
    token_ids = used_token_ids(tables(tmp_path))
    assert found[1]["encoder"][MATRIX].shape == (len(token_ids), 32)
    assert not any(name.endswith(vocabulary.PRUNED_ID) for name in found[1]["encoder"])
    size = sum(file.stat().st_size for file in (tmp_path / "state-model").glob("*.pt"))
    assert size < VOCAB_SIZE * 32 * 4 / 10


LORA = Lora(rank=2, alpha=4.0, dropout=0.0, modules="all-linear", merge=True)


@pytest.mark.parametrize(
    ("kinds", "changes", "pruned"),
    [
        (("classification",), {}, True),
        (("mlm",), {}, False),
        (("classification", "mlm"), {}, False),
        (("classification",), {"lora": LORA}, False),
    ],
    ids=["classes", "tokens", "both", "frozen embeddings"],
)
def test_stages_with_vocabulary_pruning(
    kinds: tuple[str, ...], changes: dict[str, Any], pruned: bool
) -> None:
    made = build_stage_model(
        LARGE,
        {kind: HeadSpec(kind=kind, labels=labels_of(kind)) for kind in kinds},
        vocab_size=200,
        token_ids=np.arange(200),
        recipe=recipe(**changes),
        seed=1,
        device=torch.device("cpu"),
    )
    assert (made.vocabulary is not None) == pruned
    assert len(made.encoder.get_input_embeddings().weight) == (200 if pruned else VOCAB_SIZE)
