"""Several processes for a stage: partition of a step, settings of a study, memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_config import STUDY, grid_of
from test_training_memory import WEIGHTS_LEAD, shape_of

from xstilts.errors import UserError
from xstilts.grid import identities
from xstilts.grid.processes import parallel
from xstilts.tokens.batches import Sequences, select
from xstilts.training.memory import Workload, estimate
from xstilts.training.process_group import partition_units

# ---- partition of a step ------------------------------------------------------------------------


@given(
    lengths=st.lists(st.integers(1, 50), min_size=1, max_size=40),
    per_unit=st.integers(1, 4),
    size=st.integers(2, 8),
)
def test_a_step_is_partitioned_completely_and_evenly(
    lengths: list[int], per_unit: int, size: int
) -> None:
    units = sorted(lengths, reverse=True)
    found = partition_units([length for length in units for _ in range(per_unit)], per_unit, size)
    assert sorted(unit for share in found for unit in share) == list(range(len(units)))
    # the longest of a part comes first, as micro-batches need it
    assert all(share == sorted(share) for share in found)
    num_tokens = [sum(units[unit] for unit in share) for share in found]
    assert max(num_tokens) - min(num_tokens) <= units[0]


def test_sequences_of_a_unit_stay_together() -> None:
    rows = [np.full(3, number) for number in range(6)]
    sequences = Sequences({"input_ids": rows}, {"label": np.arange(6)}, 1, per_unit=2)
    part = select(sequences, [2, 0])
    assert [row[0] for row in part.lists["input_ids"]] == [4, 5, 0, 1]
    assert part.scalars["label"].tolist() == [4, 5, 0, 1]
    assert part.per_unit == 2


# ---- settings -----------------------------------------------------------------------------------


def study(everywhere: str = "", base: str = "") -> str:
    """Return the toy study with ``parallel`` for the study, or for its base."""
    text = STUDY
    if everywhere:
        text += f"parallel: {everywhere}\n"
    if base:
        text = text.replace("  mini:\n", f"  mini:\n    parallel: {base}\n")
        assert text != STUDY
    return text


def test_the_processes_of_a_base_override_those_of_the_study(tmp_path: Path) -> None:
    plain = parallel(grid_of(tmp_path, study()), "mini")
    assert (plain.processes, plain.mode) == (1, "ddp")
    assert parallel(grid_of(tmp_path, study("{processes: 3}")), "mini").processes == 3
    text = study("{processes: 3}", "{processes: 2, mode: fsdp}")
    own = parallel(grid_of(tmp_path, text), "mini")
    assert (own.processes, own.mode) == (2, "fsdp")


def test_the_number_of_processes_is_not_part_of_an_identity(tmp_path: Path) -> None:
    plain, changed = (grid_of(tmp_path, study(text)) for text in ("", "{processes: 4}"))
    for chain, target in (("mnli", None), ("mnli", "xnli")):
        cell = ("mini", 1, chain, target)
        assert identities.model(plain, *cell) == identities.model(changed, *cell)
    assert "xstilts.training.distributed" not in identities.model(plain, *cell)["code"]
    assert "xstilts.training.process_group" in identities.model(plain, *cell)["code"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("{processes: 0}", r"study.yaml:\d+: parallel.processes.*greater than or equal to 1"),
        ("{mode: fsdp}", r"parallel: mode fsdp.*set processes to 2 or more"),
        ("{processes: 2, mode: zero}", r"'zero' is not accepted.*Known: ddp, fsdp"),
        (
            "{processes: 2, strategy: fsdp}",
            r"study.yaml:\d+: parallel.strategy: 'strategy' is now called 'mode'",
        ),
        ("{process: 2}", r"'process' is not a known key. Did you mean 'processes'"),
        ("{processes: 1000}", r"parallel: 1000 processes, but a step of the stage .* of mini has"),
    ],
)
def test_impossible_settings_are_reported_before_any_training(
    tmp_path: Path, setting: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        grid_of(tmp_path, study(setting))


def test_padding_free_training_cannot_be_sharded(tmp_path: Path) -> None:
    text = study("{processes: 2, mode: fsdp}")
    text += "recipes: {intermediate: {padding_free: true}}\n"
    with pytest.raises(UserError, match=r"parallel: the recipe of the stage mnli.*mode ddp"):
        grid_of(tmp_path, text)
    grid_of(tmp_path, text.replace("fsdp", "ddp"))


def test_memory_of_a_process_with_a_shard() -> None:
    options: dict[str, Any] = {"max_tokens": 512, "length": 32, "device": "gpu"}
    shape = shape_of(WEIGHTS_LEAD)
    whole, part = (estimate(Workload(shape=shape, shards=shards, **options)) for shards in (1, 4))
    for name in ("weights", "gradients", "moments"):
        assert getattr(part, name) == getattr(whole, name) // 4
    assert whole.gathered == 0 < part.gathered
    assert part.activations == whole.activations
    # embeddings dominate in this shape: they are unsharded, with their gradient
    assert part.gathered > 2 * 4 * 60_000 * 256
