"""The memory estimate, compared with the peak of real training."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from test_config import STUDY

from xstilts.cli import main
from xstilts.models.encoder import build_encoder
from xstilts.models.shape import EncoderShape, shape_of_config
from xstilts.tokens import classification
from xstilts.tokens.store import list_array, write_tokens
from xstilts.training.memory import AdapterShape, Workload, estimate

HERE = Path(__file__).parent
TOLERANCE = 0.15
# vocabulary, width, layers, heads, inner width, length, tokens per micro-batch
WEIGHTS_LEAD = (60_000, 256, 2, 4, 512, 32, 512)
ACTIVATIONS_LEAD = (2_000, 192, 4, 6, 768, 128, 2048)
MATRICES_LEAD = (2_000, 768, 6, 12, 3072, 32, 128)


def architecture(case: tuple[int, ...]) -> dict[str, Any]:
    _, width, layers, heads, inner, length, _ = case
    shape = {"hidden_size": width, "num_layers": layers, "num_heads": heads}
    return {**shape, "intermediate_size": inner, "max_length": length, "dropout": 0.1}


def shape_of(case: tuple[int, ...]) -> EncoderShape:
    vocabulary, width, layers, heads, inner, length, _ = case
    return EncoderShape(
        width=width, layers=layers, heads=heads, inner=inner, vocabulary=vocabulary,
        positions=length + 2,
    )  # fmt: skip


def measured(
    folder: Path,
    case: tuple[int, ...],
    num_used_tokens: int,
    *,
    checkpointing: bool,
    rank: int | None,
    half: bool,
) -> int:
    """Return the peak of a process that trains on full-length sequences, two micro-batches a step.

    The sequences have as many different tokens as given.
    """
    vocabulary, *_, length, max_tokens = case
    batch_size = 2 * max_tokens // length
    count = max(batch_size, -(-num_used_tokens // length))
    rows = np.resize(np.arange(num_used_tokens), (count, length)).tolist()
    columns = [
        list_array(rows, pa.int32()),
        pa.array(np.arange(count), pa.int32()),
        pa.array(np.zeros(count), pa.int32()),
    ]
    schema = classification.SCHEMA
    record = {"kind": "classification", "pad_id": 1, "num_examples": count}
    record |= {"vocab_size": vocabulary, "special_ids": [0, 1, 2]}
    batch = pa.RecordBatch.from_arrays(columns, schema=schema)
    write_tokens(folder / "tokens.arrow", schema, [batch], record)
    wanted = {
        "architecture": architecture(case),
        "batch_size": batch_size,
        "max_tokens": max_tokens,
        "checkpointing": checkpointing,
        "rank": rank,
        "half": half,
    }
    paths = os.pathsep.join([str(HERE), str(HERE.parents[1] / "workflow_scripts")])
    done = subprocess.run(
        [sys.executable, str(HERE / "memory_world.py"), str(folder), json.dumps(wanted)],
        # what is estimated is tensors, not the freed blocks that glibc keeps for later
        env={**os.environ, "PYTHONPATH": paths, "MALLOC_MMAP_THRESHOLD_": "65536"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return int(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's /proc")
@pytest.mark.parametrize(
    ("case", "checkpointing", "rank", "rows"),
    [
        pytest.param(WEIGHTS_LEAD, False, None, None, marks=pytest.mark.full),
        (WEIGHTS_LEAD, False, None, 15_000),
        pytest.param(ACTIVATIONS_LEAD, False, None, None, marks=pytest.mark.full),
        (ACTIVATIONS_LEAD, True, None, None),
        pytest.param(WEIGHTS_LEAD, False, 8, None, marks=pytest.mark.full),
        pytest.param(ACTIVATIONS_LEAD, False, 8, None, marks=pytest.mark.full),
        # in bf16
        (MATRICES_LEAD, False, None, None),
        pytest.param(MATRICES_LEAD, False, 8, None, marks=pytest.mark.full),
    ],
    ids=[
        "weights lead",
        "a quarter of the vocabulary occurs",
        "activations lead",
        "layers computed again",
        "adapters where weights lead",
        "adapters where activations lead",
        "copies of weights in bf16",
        "adapters with copies in bf16",
    ],
)
def test_the_estimate_is_near_the_peak_of_training(
    tmp_path: Path, case: tuple[int, ...], checkpointing: bool, rank: int | None, rows: int | None
) -> None:
    *_, length, max_tokens = case
    half = case == MATRICES_LEAD
    work = Workload(
        shape=shape_of(case),
        max_tokens=max_tokens,
        length=length,
        device="cpu",
        checkpointing=checkpointing,
        half=half,
        adapters=AdapterShape(rank=rank, modules="all-linear", dropout=True) if rank else None,
        trained_rows=rows,
    )
    expected = estimate(work)
    how: dict[str, Any] = {"checkpointing": checkpointing, "rank": rank, "half": half}
    peak = measured(tmp_path, case, rows or case[0], **how)
    assert expected.total == pytest.approx(peak, rel=TOLERANCE), (expected, peak)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's /proc")
def test_the_peak_of_a_process_is_not_its_parents() -> None:
    held = np.ones(1 << 28, np.int8)
    code = (
        "import torch; from xstilts.training.runtime import peak_memory; "
        "small = peak_memory(torch.device('cpu')); held = torch.ones(1 << 28, dtype=torch.int8); "
        "print(small, peak_memory(torch.device('cpu')) - small)"
    )
    paths = str(HERE.parents[1] / "workflow_scripts")
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    small, grown = map(int, done.stdout.split())
    assert 0.95 * held.nbytes < grown < 1.3 * held.nbytes
    assert small < 600 << 20


@pytest.mark.parametrize("case", [WEIGHTS_LEAD, ACTIVATIONS_LEAD])
def test_parameters_are_those_of_the_encoder(case: tuple[int, ...]) -> None:
    encoder = build_encoder({**architecture(case), "vocab_size": case[0]})
    assert shape_of(case).parameters == sum(p.numel() for p in encoder.parameters())
    assert shape_of_config(encoder.config.raw) == shape_of(case)


def test_the_command_prints_a_row_per_requirement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(STUDY)
    arguments = ["memory", "--configfile", str(file), "--device", "cpu"]
    assert main([*arguments, "--max-tokens", "4096"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["base", "stage", "length"]
    assert lines[1].split()[1] == "pretraining"
    totals = [int(line.split()[-1].replace(",", "")) for line in lines[1:]]
    assert main([*arguments, "--max-tokens", "8192"]) == 0
    doubled = capsys.readouterr().out.splitlines()[1:]
    for total, line in zip(totals, doubled, strict=True):
        assert total < int(line.split()[-1].replace(",", "")) < 2.01 * total


def test_the_command_takes_the_number_of_distinct_tokens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shape = {"vocab_size": 250_002, "hidden_size": 768, "num_hidden_layers": 12,
             "num_attention_heads": 12, "intermediate_size": 3072}  # fmt: skip
    config = {"model_type": "xlm-roberta", **shape, "max_position_embeddings": 514}
    (tmp_path / "config.json").write_text(json.dumps(config))
    study = yaml.safe_load(STUDY)
    study["bases"] = {"base": {"path": str(tmp_path)}}
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(study))

    def gradients(*options: str) -> list[int]:
        assert main(["memory", "--configfile", str(file), *options]) == 0
        lines = capsys.readouterr().out.splitlines()[1:-1]
        return [int(line.split()[-5].replace(",", "")) for line in lines]

    option = "--distinct-tokens"
    every, some, most = gradients(), gradients(option, "40000"), gradients(option, "200000")
    saved = (250_002 - 40_000) * 768 * 4 / 2**20
    assert [a - b for a, b in zip(every, some, strict=True)] == pytest.approx(
        [saved] * len(every), abs=2
    )
    assert most == every


def test_a_base_of_another_shape_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bloom", "hidden_size": 8}))
    study = yaml.safe_load(STUDY)
    study["bases"] = {"other": {"path": str(tmp_path)}}
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(study))
    assert main(["memory", "--configfile", str(file)]) == 2
    message = capsys.readouterr().err
    assert "bases.other" in message
    assert "found model_type 'bloom'" in message
