"""Mixtures, batches, masking and schedules."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from engine_world import make_tokens, recipe, tokenizer_dir
from hypothesis import given, settings
from hypothesis import strategies as st

from xstilts.errors import UserError
from xstilts.tokens.batches import collate, micro_batches, read_sequences
from xstilts.tokens.store import TokenTable
from xstilts.tokens.tokenizer import load_tokenizer
from xstilts.training.masking import mask_tokens
from xstilts.training.mixture import num_steps, sampling_probabilities, task_of_steps
from xstilts.training.optimiser import learning_rate, make_optimiser, optimiser_step
from xstilts.training.sampler import TaskSampler, TrainingSet

# Training sizes of the nine intermediate tasks of Phang et al. 2020 (ANLI+, MNLI, QQP, SQuAD v2,
# SQuAD v1, HellaSwag, CCG, Cosmos QA, CommonsenseQA)
NINE = [1_104_934, 392_702, 363_846, 130_319, 87_599, 39_905, 38_015, 25_262, 9_741]


def test_sampling_probabilities_of_the_nine_intermediate_tasks() -> None:
    capped = sampling_probabilities(NINE, recipe(sampling="temperature", sampling_cap=2**17))
    expected = [0.181, 0.181, 0.181, 0.180, 0.121, 0.055, 0.053, 0.035, 0.013]
    assert capped.round(3).tolist() == expected
    assert sampling_probabilities(NINE, recipe())[:2].round(3).tolist() == [0.504, 0.179]
    assert sampling_probabilities(NINE, recipe(sampling="uniform")).round(3).tolist() == [0.111] * 9


def test_temperature_flattens() -> None:
    hot = sampling_probabilities(
        [100, 400], recipe(sampling="temperature", sampling_temperature=2.0)
    )
    assert hot == pytest.approx([1 / 3, 2 / 3])


def test_steps_of_epochs_count_each_task_to_its_cap() -> None:
    assert num_steps([33, 5], recipe(epochs=2.0)) == 2 * (3 + 1)
    assert num_steps([33, 5], recipe(epochs=2.0, sampling_cap=16)) == 2 * (1 + 1)
    assert num_steps([33], recipe(epochs=0.01)) == 1
    assert num_steps([33], recipe(max_steps=7)) == 7


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(1, 5000), min_size=1, max_size=6),
    st.integers(1, 300),
    st.integers(0, 9),
)
def test_the_steps_of_each_task_are_exact_to_within_one(
    sizes: list[int], steps: int, seed: int
) -> None:
    plan = recipe(max_steps=steps)
    named = {f"task{i}": size for i, size in enumerate(sizes)}
    tasks = task_of_steps(named, plan, seed)
    assert len(tasks) == steps
    counts = np.bincount(tasks, minlength=len(sizes))
    assert np.all(np.abs(counts - sampling_probabilities(sizes, plan) * steps) < 1)
    assert np.array_equal(tasks, task_of_steps(named, plan, seed))


def sampler(folder: Path, seed: int = 0, **changes: object) -> TaskSampler:
    members, tables = [], []
    for language, count in (("de", 70), ("sw", 31)):
        _, tokens = make_tokens(folder, "classification", count)
        members.append(TrainingSet(task="toy", language=language, tokens=tokens))
        tables.append(TokenTable.open(tokens))
    values = {"batch_size": 8, "max_examples": 0, "sorted_batches": 50} | changes
    return TaskSampler(task="toy", members=members, tables=tables, seed=seed, **values)


def test_an_epoch_holds_each_sequence_once(tmp_path: Path) -> None:
    toy = sampler(tmp_path)
    per_epoch = 13
    for epoch in range(2):
        seen = np.concatenate([toy.batch(epoch * per_epoch + i) for i in range(per_epoch)])
        assert sorted(seen.tolist()) == list(range(101))
    assert Counter(toy.member.tolist()) == {0: 70, 1: 31}


def test_a_batch_depends_on_seed_and_step_alone(tmp_path: Path) -> None:
    forward, direct = sampler(tmp_path), sampler(tmp_path)
    walked = [forward.batch(draw) for draw in range(30)]
    assert np.array_equal(direct.batch(29), walked[29])
    assert np.array_equal(direct.batch(3), walked[3])
    assert not np.array_equal(sampler(tmp_path, seed=1).batch(3), walked[3])
    assert not np.array_equal(walked[0], walked[13])


def test_batches_are_of_similar_length_longest_first(tmp_path: Path) -> None:
    toy = sampler(tmp_path)
    batches = [toy.lengths[toy.batch(draw)] for draw in range(13)]
    assert all(np.all(np.diff(lengths) <= 0) for lengths in batches)
    std = np.mean([np.ptp(lengths) for lengths in batches])
    assert std < 0.5 * np.ptp(toy.lengths)


def orders(folder: Path, **changes: object) -> tuple[float, list[set[int]]]:
    """Return the mean range of lengths in a batch, and the batches of two epochs."""
    toy = sampler(folder, **changes)
    per_epoch = -(-101 // toy.batch_size)
    batches = [toy.batch(draw) for draw in range(2 * per_epoch)]
    std = float(np.mean([np.ptp(toy.lengths[batch]) for batch in batches]))
    return std, [set(batch.tolist()) for batch in batches]


def test_sorted_batches_says_how_many_are_sorted_together(tmp_path: Path) -> None:
    spreads = [orders(tmp_path, batch_size=4, sorted_batches=n)[0] for n in (1, 2, 4)]
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[2] < 0.7 * spreads[0]


def test_no_more_than_a_quarter_of_an_epoch_is_sorted_together(tmp_path: Path) -> None:
    # 25 batches: at most 6, and so the batches of two epochs differ
    assert orders(tmp_path, batch_size=4, sorted_batches=50) == orders(
        tmp_path, batch_size=4, sorted_batches=6
    )
    _, batches = orders(tmp_path, batch_size=4, sorted_batches=50)
    assert not {tuple(sorted(b)) for b in batches[:26]} & {tuple(sorted(b)) for b in batches[26:]}
    # fewer than eight batches: a random order
    assert orders(tmp_path, batch_size=16, sorted_batches=50) == orders(
        tmp_path, batch_size=16, sorted_batches=1
    )


def test_max_train_examples_takes_the_first_of_each_set(tmp_path: Path) -> None:
    toy = sampler(tmp_path, max_examples=20)
    assert len(toy) == 40
    assert set(toy.row.tolist()) == set(range(20))


def test_an_empty_training_set_is_an_error(tmp_path: Path) -> None:
    _, tokens = make_tokens(tmp_path, "classification", rows=[])
    member = TrainingSet(task="toy", language="de", tokens=tokens)
    with pytest.raises(UserError, match="toy: nothing to train on"):
        TaskSampler(
            task="toy", members=[member], tables=[TokenTable.open(tokens)],
            batch_size=8, seed=0, max_examples=0, sorted_batches=1,
        )  # fmt: skip


@given(st.lists(st.integers(1, 100), min_size=1, max_size=50), st.integers(1, 300))
def test_micro_batches_keep_the_budget_and_lose_nothing(lengths: list[int], budget: int) -> None:
    lengths = sorted(lengths, reverse=True)
    parts = [lengths[part] for part in micro_batches(lengths, budget)]
    assert [length for part in parts for length in part] == lengths
    assert all(len(part) == 1 or len(part) * part[0] <= budget for part in parts)


@given(
    st.lists(st.lists(st.integers(1, 60), min_size=3, max_size=3), min_size=1, max_size=20),
    st.integers(1, 400),
)
def test_micro_batches_never_split_a_unit(units: list[list[int]], budget: int) -> None:
    units = sorted(units, key=max, reverse=True)
    lengths = [length for unit in units for length in unit]
    parts = [lengths[part] for part in micro_batches(lengths, budget, 3)]
    assert [length for part in parts for length in part] == lengths
    assert all(len(part) % 3 == 0 for part in parts)
    assert all(len(part) == 3 or len(part) * max(part) <= budget for part in parts)


def choice_sampler(folder: Path, **changes: object) -> TaskSampler:
    members, tables = [], []
    for language, count in (("de", 20), ("sw", 11)):
        _, tokens = make_tokens(folder, "multiple_choice", count)
        members.append(TrainingSet(task="toy", language=language, tokens=tokens))
        tables.append(TokenTable.open(tokens))
    values = {"batch_size": 4, "max_examples": 0, "sorted_batches": 1, "seed": 0} | changes
    return TaskSampler(task="toy", members=members, tables=tables, whole_examples=True, **values)


def test_the_sequences_of_an_example_are_sampled_together(tmp_path: Path) -> None:
    toy = choice_sampler(tmp_path)
    assert (len(toy), toy.per_unit) == (31, 3)
    seen = []
    for draw in range(8):
        batch = toy.batch(draw)
        rows = toy.sequences(batch)
        assert len(rows) == 3 * len(batch)
        assert len(batch) <= 4
        examples = [toy.tables[table].column("example")[row] for table, row in rows]
        assert examples == [example for example in examples[::3] for _ in range(3)]
        longest = [int(toy.tables[table].lengths[row]) for table, row in rows]
        units = [max(longest[start : start + 3]) for start in range(0, len(longest), 3)]
        assert units == sorted(units, reverse=True)
        seen += rows
    assert sorted(seen) == [(0, row) for row in range(60)] + [(1, row) for row in range(33)]
    assert len(choice_sampler(tmp_path, max_examples=5)) == 10


def test_labels_of_a_unit_are_one_row(tmp_path: Path) -> None:
    toy = choice_sampler(tmp_path)
    batch = read_sequences(toy.tables, toy.sequences(toy.batch(0)), scalars=("label",), per_unit=3)
    tensors = collate(batch, slice(3, 9), torch.device("cpu"))
    assert tensors["input_ids"].shape[0] == 6
    assert tensors["label"].shape == (2, 3)
    assert (tensors["label"] == tensors["label"][:, :1]).all()


def test_unequal_numbers_of_choices_are_an_error(tmp_path: Path) -> None:
    row = {"context": "a", "question": None, "label": 0}
    rows = [
        row | {"id": "1", "choices": ["cat", "dog"]},
        row | {"id": "2", "choices": ["cat", "dog", "bird"]},
    ]
    _, tokens = make_tokens(tmp_path, "multiple_choice", rows=rows)
    member = TrainingSet(task="toy", language="de", tokens=tokens)
    with pytest.raises(UserError, match=r"toy: .*2 in .*example 0; 3 in .*example 1"):
        TaskSampler(
            task="toy", members=[member], tables=[TokenTable.open(tokens)],
            batch_size=8, seed=0, max_examples=0, sorted_batches=1, whole_examples=True,
        )  # fmt: skip


def test_padding(tmp_path: Path) -> None:
    _, tokens = make_tokens(tmp_path, "tagging", 20)
    table = TokenTable.open(tokens)
    order = np.argsort(-table.lengths)[[0, -1]]
    batch = read_sequences([table], [(0, int(row)) for row in order], lists=("labels",))
    tensors = collate(batch, slice(None), torch.device("cpu"))
    longest, shortest = table.lengths[order]
    assert tensors["input_ids"].shape == (2, longest)
    assert tensors["input_ids"][1, :shortest].tolist() == table.ids(int(order[1])).tolist()
    assert set(tensors["input_ids"][1, shortest:].tolist()) == {1}
    assert set(tensors["labels"][1, shortest:].tolist()) == {-100}
    assert tensors["attention_mask"].sum(1).tolist() == [longest, shortest]


def test_masking_masks_the_right_proportion_of_tokens(tmp_path: Path) -> None:
    _, tokens = make_tokens(tmp_path, "mlm", 600)
    table = TokenTable.open(tokens)
    rows = [table.ids(i) for i in range(len(table))]
    ids, labels = mask_tokens(rows, table.metadata, 0.3, seed=5)
    before, after, targets = map(np.concatenate, (rows, ids, labels))
    chosen = targets != -100
    special = np.isin(before, table.metadata["special_ids"])
    assert not np.any(chosen & special)
    assert np.array_equal(targets[chosen], before[chosen])
    assert np.array_equal(after[~chosen], before[~chosen])
    assert abs(chosen.sum() / (~special).sum() - 0.3) < 0.02
    mask_id = load_tokenizer(tokenizer_dir()).mask_id
    assert abs(np.mean(after[chosen] == mask_id) - 0.8) < 0.03
    assert abs(np.mean(after[chosen] == before[chosen]) - 0.1) < 0.03
    assert not np.isin(after[chosen & (after != mask_id)], table.metadata["special_ids"]).any()
    again = np.concatenate(mask_tokens(rows, table.metadata, 0.3, seed=6)[1])
    assert not np.array_equal(again, targets)


def test_a_short_batch_has_at_least_one_masked_token(tmp_path: Path) -> None:
    _, tokens = make_tokens(tmp_path, "mlm", 2)
    table = TokenTable.open(tokens)
    for seed in range(20):
        _, labels = mask_tokens([table.ids(0)], table.metadata, 0.0001, seed)
        assert np.sum(labels[0] != -100) == 1


def test_learning_rate_rises_and_falls() -> None:
    linear = [learning_rate(step, 100, recipe(learning_rate=1.0)) for step in range(100)]
    assert linear[0] == pytest.approx(0.1)
    assert linear[9] == linear[10] == max(linear) == 1.0
    assert linear[55] == pytest.approx(0.5)
    assert 0 < linear[99] < 0.02
    cosine = recipe(learning_rate=1.0, warmup=0.0, schedule="cosine")
    assert learning_rate(50, 100, cosine) == pytest.approx(0.5)
    constant = recipe(learning_rate=1.0, schedule="constant")
    assert learning_rate(99, 100, constant) == 1.0


def test_a_step_is_that_of_torch_on_the_mean_loss() -> None:
    def model() -> torch.nn.Module:
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.LayerNorm(4))

    # the epsilon makes the step depend on the size of the gradient
    plan = recipe(weight_decay=0.1, max_grad_norm=0.01, adam_epsilon=0.1)
    ours, theirs = model(), model()
    data = torch.randn(6, 4, generator=torch.Generator().manual_seed(1))
    optimiser = make_optimiser(ours.parameters(), plan)
    (3 * ours(data).pow(3)).sum().backward()
    norm = optimiser_step(optimiser, 6, 0.5, plan.max_grad_norm)

    groups = [
        {"params": [theirs[0].weight], "weight_decay": 0.1},
        {"params": [theirs[0].bias, *theirs[1].parameters()], "weight_decay": 0.0},
    ]
    reference = torch.optim.AdamW(groups, lr=0.5, betas=(0.9, plan.adam_beta2), eps=0.1)
    (3 * theirs(data).pow(3)).sum(1).mean().backward()
    expected = torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.01)
    reference.step()
    assert norm == pytest.approx(expected.item(), rel=1e-5)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)
