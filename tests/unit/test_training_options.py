"""Options of the recipe and of how it is run: what each does, and what it must not change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from engine_world import ARCHITECTURE, recipe
from safetensors.torch import load_file
from test_config import STUDY, grid_of
from test_training_loop import FILES, NO_DROPOUT
from torch.nn import functional
from toy_stage import stage

from xstilts.errors import Interrupted, UserError
from xstilts.grid import identities
from xstilts.models.heads import HeadSpec, new_head
from xstilts.training.optimiser import make_optimiser, optimiser_step
from xstilts.training.state import load_state

SHARE = 0.2


def losses(folder: Path) -> dict[str, list[float]]:
    """Losses of the steps of each task."""
    found: dict[str, list[float]] = {}
    for row in pq.read_table(folder / "history.parquet").to_pylist():
        found.setdefault(row["task"], []).append(row["loss"])
    return found


# ---- label smoothing ----------------------------------------------------------------------------


def smoothed(logits: torch.Tensor, target: int) -> torch.Tensor:
    """Cross-entropy with the even distribution mixed into the target, by its definition."""
    wanted = torch.full_like(logits, SHARE / len(logits))
    wanted[target] += 1 - SHARE
    return -(wanted * (logits.exp() / logits.exp().sum()).log()).sum()


def head_and_hidden(kind: str, labels: int) -> tuple[Any, torch.Tensor]:
    from types import SimpleNamespace

    torch.manual_seed(3)
    config = SimpleNamespace(hidden_size=8, vocab_size=20, hidden_dropout_prob=0.0)
    config.initializer_range = 1.0
    head = new_head(HeadSpec(kind=kind, labels=tuple("abcdef"[:labels])), config)
    head.label_smoothing = SHARE
    return head, torch.randn(4, 5, 8, requires_grad=True)


def test_label_smoothing_is_its_definition_in_every_head() -> None:
    none, mask = torch.zeros(0), torch.ones(4, 5, dtype=torch.long)
    head, hidden = head_and_hidden("classification", 3)
    logits, targets = head(hidden, mask), torch.tensor([0, 1, 2, 1])
    loss, count = head.loss(hidden, {"label": targets, "attention_mask": mask}, none)
    expected = [smoothed(row, int(t)) for row, t in zip(logits, targets, strict=True)]
    torch.testing.assert_close(loss, sum(expected))
    assert count == 4

    head, hidden = head_and_hidden("tagging", 3)
    tags = torch.tensor([[0, -100, 1, 2, -100]] * 4)
    loss, count = head.loss(hidden, {"labels": tags}, none)
    logits = head(hidden)
    pairs = [(logits[i, j], int(tags[i, j])) for i in range(4) for j in (0, 2, 3)]
    torch.testing.assert_close(loss, sum(smoothed(*pair) for pair in pairs))
    assert count == 12

    head, hidden = head_and_hidden("multiple_choice", 0)
    labels = torch.tensor([[1, 1], [0, 0]])
    loss, count = head.loss(hidden, {"label": labels, "attention_mask": mask}, none)
    scores = head(hidden, mask).view(2, 2)
    torch.testing.assert_close(loss, smoothed(scores[0], 1) + smoothed(scores[1], 0))
    assert count == 2


def test_label_smoothing_of_a_span_leaves_padding_alone() -> None:
    head, hidden = head_and_hidden("span", 0)
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [1, 1, 0, 0, 0]])
    targets = {"attention_mask": mask, "start": torch.tensor([0, 1, 2, 1])}
    targets["end"] = torch.tensor([4, 2, 3, 1])
    loss, _ = head.loss(hidden, targets, torch.zeros(0))
    logits, lengths = head(hidden), mask.sum(1).tolist()
    expected = [
        smoothed(logits[i, : lengths[i], side], int(targets[name][i])) / 2
        for i in range(4)
        for side, name in enumerate(("start", "end"))
    ]
    torch.testing.assert_close(loss, sum(expected))
    loss.backward()
    assert hidden.grad is not None
    assert torch.isfinite(hidden.grad).all()
    assert not hidden.grad[3, 2:].any()


@pytest.mark.parametrize("kind", ["classification", "tagging", "span", "multiple_choice"])
def test_label_smoothing_reaches_the_loop(tmp_path: Path, kind: str) -> None:
    plan = {"start": NO_DROPOUT, "epochs": 6.0}
    for out, share in (("plain", 0.0), ("smooth", 0.3)):
        stage(tmp_path, (kind,), out=out, label_smoothing=share, **plan)
    plain, smooth = (losses(tmp_path / out)[kind] for out in ("plain", "smooth"))
    assert plain != smooth
    # the smoothed loss cannot fall below the entropy of its target
    assert min(smooth) > min(plain)


# ---- loss weights -------------------------------------------------------------------------------


def test_a_weighted_step_is_that_of_torch_on_the_weighted_loss() -> None:
    def model() -> torch.nn.Module:
        torch.manual_seed(0)
        return torch.nn.Linear(4, 4, bias=False)

    plan = recipe(weight_decay=0.0, adam_epsilon=0.1)
    data = torch.randn(6, 4, generator=torch.Generator().manual_seed(1))
    for clip in (0.0, 0.01):
        ours, theirs = model(), model()
        optimiser = make_optimiser(ours.parameters(), plan)
        ours(data).square().sum().backward()
        norm = optimiser_step(optimiser, 6, 0.5, clip, weight=3.0)
        reference = torch.optim.AdamW(
            theirs.parameters(), lr=0.5, weight_decay=0.0, betas=(0.9, plan.adam_beta2), eps=0.1
        )
        (3.0 * theirs(data).square().sum(1).mean()).backward()
        expected = torch.nn.utils.clip_grad_norm_(theirs.parameters(), clip or 1e9)
        reference.step()
        assert norm == pytest.approx(expected.item(), rel=1e-5)
        torch.testing.assert_close(ours.weight, theirs.weight)


def test_a_task_that_counts_less_is_learned_less(tmp_path: Path) -> None:
    kinds = ("classification", "tagging")
    plan = {"start": NO_DROPOUT, "epochs": 8.0, "count": 96}
    stage(tmp_path, kinds, out="even", **plan)
    stage(tmp_path, kinds, out="one", loss_weights={"tagging": 1e-3}, **plan)
    even, one = (losses(tmp_path / out) for out in ("even", "one"))
    # the same loss is reported before anything is learned: it is not the weighted one
    assert one["tagging"][0] == pytest.approx(even["tagging"][0], rel=0.1)
    assert min(one["tagging"]) > 2 * min(even["tagging"])


def weights_of(tmp_path: Path, text: str, chain: str) -> dict[str, float]:
    found = identities.model(grid_of(tmp_path, text), "mini", 1, chain, None)
    weights: dict[str, float] = found["recipe"]["loss_weights"]
    return weights


def test_loss_weights_of_a_stage(tmp_path: Path) -> None:
    joint = STUDY.replace("mnli: [mnli]", "joint: [[mnli, squad_v1]]")

    def everywhere(weights: str) -> str:
        return joint.replace("targets:", f"recipes:\n  all: {{loss_weights: {weights}}}\ntargets:")

    text = everywhere("{mnli: 2.0, udpos: 3.0, squad_v1: 1.0}")
    assert weights_of(tmp_path, text, "mnli+squad_v1") == {"mnli": 2.0}
    # a task alone has nothing to be weighed against
    assert weights_of(tmp_path, text, "squad_v1") == {}
    with pytest.raises(UserError, match=r"'mnly' is not a known task.*Did you mean 'mnli'"):
        grid_of(tmp_path, everywhere("{mnly: 2.0}"))
    own = joint.replace("[[mnli, squad_v1]]", "[mix]").replace(
        "targets:",
        "stages:\n  mix: {mixture: [mnli, squad_v1], recipe: {loss_weights: {udpos: 2}}}\ntargets:",
    )
    with pytest.raises(UserError, match=r"'udpos' is not a known task.*Known: mnli, squad_v1\."):
        grid_of(tmp_path, own)


# ---- gradient checkpointing ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["classification", "mlm"])
def test_gradient_checkpointing_changes_no_bit(tmp_path: Path, kind: str) -> None:
    # with dropout: recomputation must draw the same masks
    assert ARCHITECTURE["dropout"] > 0
    for out, again in (("kept", False), ("again", True)):
        run = {"gradient_checkpointing": again, "max_tokens": 100}
        stage(tmp_path, (kind,), out=out, run=run)
    for file in FILES:
        kept, again = ((tmp_path / out / file).read_bytes() for out in ("kept", "again"))
        assert kept == again, file


def test_gradient_checkpointing_keeps_less_for_the_backward_pass(tmp_path: Path) -> None:
    from xstilts.models.encoder import build_encoder, enable_gradient_checkpointing

    torch.manual_seed(0)
    model = build_encoder({**ARCHITECTURE, "vocab_size": 50, "num_layers": 6}).train()
    ids = torch.randint(5, 50, (4, 40))

    def kept() -> int:
        sizes: list[int] = []

        def pack(tensor: torch.Tensor) -> torch.Tensor:
            sizes.append(tensor.numel())
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            model(ids, torch.ones_like(ids))
        return sum(sizes)

    before = kept()
    enable_gradient_checkpointing(model)
    assert kept() < before / 4


def test_runtime_settings_are_not_part_of_an_identity(tmp_path: Path) -> None:
    recipes = (
        "recipes:\n  all: {gradient_checkpointing: true}\n  target: {save_steps: 50}\ntargets:"
    )
    plain, changed = grid_of(tmp_path, STUDY), grid_of(tmp_path, STUDY.replace("targets:", recipes))
    for chain, target in (("mnli", None), ("mnli", "xnli")):
        cell = ("mini", 1, chain, target)
        assert identities.model(plain, *cell) == identities.model(changed, *cell)
    assert plain.runtime("mini", "mnli", "xnli") == {"gradient_checkpointing": 0, "save_steps": 0}
    assert changed.runtime("mini", "mnli", None) == {"gradient_checkpointing": 1, "save_steps": 0}
    assert changed.runtime("mini", "mnli", "xnli")["save_steps"] == 50


# ---- saving -------------------------------------------------------------------------------------


def test_the_state_is_saved_every_save_steps(tmp_path: Path) -> None:
    lines: list[str] = []
    with pytest.raises(Interrupted):
        stage(
            tmp_path,
            epochs=2.0,
            run={"save_steps": 3, "stop_after": 7, "log": lines.append},
        )
    saved = [line for line in lines if line.startswith("saved")]
    assert saved == [f"saved the training state at step {step}" for step in (3, 6, 7)]
    found = load_state(tmp_path / "state", "toy")
    assert found is not None
    assert found[0] == 7


def test_saving_more_often_changes_nothing(tmp_path: Path) -> None:
    for out, steps in (("rarely", 0), ("often", 1)):
        run = {"save_steps": steps, "state_dir": tmp_path / f"state-{out}"}
        stage(tmp_path, out=out, run=run)
    rarely, often = (load_file(tmp_path / out / "model.safetensors") for out in ("rarely", "often"))
    for name, tensor in rarely.items():
        assert torch.equal(tensor, often[name]), name


def test_label_smoothing_is_as_defined_by_torch() -> None:
    logits = torch.randn(5, generator=torch.Generator().manual_seed(0))
    expected = functional.cross_entropy(logits, torch.tensor(2), label_smoothing=SHARE)
    torch.testing.assert_close(smoothed(logits, 2), expected)


# ---- padding ------------------------------------------------------------------------------------


def test_code_that_a_recipe_does_not_use_is_not_part_of_its_identity(tmp_path: Path) -> None:
    text = STUDY.replace("targets:", "recipes:\n  all: {padding_free: true}\ntargets:")
    for study, used in ((STUDY, False), (text, True)):
        identity = identities.model(grid_of(tmp_path, study), "mini", 1, "mnli", None)
        assert identity["recipe"]["padding_free"] is used
        assert ("xstilts.models.packed" in identity["code"]) is used
