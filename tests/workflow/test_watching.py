"""Display of a run for the user, GPU leases of its jobs, and training curves."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

if TYPE_CHECKING:
    from checkout import Checkout

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

CELL = "mini/seed-1/mnli/xnli"
MADE = ("train_target", "predict_xnli", "score_predictions")


@pytest.fixture
def counted_gpu(tmp_path: Path) -> dict[str, str]:
    """An environment with one counted GPU and its leases in a folder of the test."""
    if Path("/proc/driver/nvidia/gpus").exists():
        pytest.skip("needs a machine without GPUs")
    command = tmp_path / "bin/nvidia-smi"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\necho 'GPU 0: counted, not there (UUID: GPU-0)'\n")
    command.chmod(0o755)
    path = f"{command.parent}:{os.environ['PATH']}"
    return {"PATH": path, "XSTILTS_LEASES": str(tmp_path / "leases")}


def log(checkout: Checkout, name: str) -> str:
    return (checkout.results / f"logs/{name}.log").read_text()


@pytest.mark.full
def test_deleted_products_are_remade_and_shown_with_leases_and_curves(
    done: Checkout, counted_gpu: dict[str, str]
):
    weights = done.results / "target" / CELL / "model.safetensors"
    before = weights.read_bytes()
    kept, gone = (done.results / f"predictions/{CELL}/{code}.parquet" for code in ("qaa", "qab"))
    predicted, removed = kept.read_bytes(), gone.read_bytes()
    done.write_study(logging={"tensorboard": True}, resources={"jobs_per_gpu": 2})
    assert done.snakemake("-n").nothing_to_do
    shutil.rmtree(weights.parent)
    gone.unlink()
    run = done.snakemake("--resources", "gpu=1", environment=counted_gpu)
    assert run.code == 0, run.output

    # the deleted cell and everything after it, and only the deleted language of the other
    assert [run.jobs.get(name) for name in MADE] == [1, 1, 1]
    assert not {"pretrain", "train_intermediate", "predict_tatoeba"} & set(run.jobs)
    assert weights.read_bytes() == before, "training is not reproducible"
    assert kept.read_bytes() == predicted
    assert len(gone.read_bytes()) > len(removed) / 2

    assert "tiny, " in run.output
    assert (
        "1 of 2 target stages, 1 of 4 predicted cells to make; the rest is up to date" in run.output
    )
    total = run.jobs["total"] if "total" in run.jobs else sum(run.jobs.values()) - run.jobs["all"]
    counts = re.findall(rf"^\[ ?(\d+)/{total}\] ", run.output, re.MULTILINE)
    assert counts == [str(number) for number in range(1, total + 1)]
    line = r"\[1/\d+\] Train xnli after mnli on mini, seed 1 \(\d+ s, loss [\d.]+, dev [\d.]+\); "
    assert re.search(line + r"(about \d+ s left|almost done)", run.output)
    assert "| strategy" in run.output
    assert "report: results/tiny/report.html" in run.output
    assert "\x1b" not in run.output
    assert "wildcards:" not in run.output
    assert "steps (" not in run.output
    (newest, *_) = sorted((done.folder / ".snakemake/log").iterdir(), reverse=True)
    assert "rule train_target:" in newest.read_text()

    assert "leased GPU 0 of 1" in log(done, f"target/{CELL}")
    assert "leased GPU 0 of 1" in log(done, f"predictions/{CELL}")
    assert "tokens/s" in log(done, f"target/{CELL}")
    assert "tokens/s" in log(done, f"predictions/{CELL}")
    assert not list((done.results / "failures").rglob("*.json"))

    curves = EventAccumulator(str(done.results / "tensorboard/target" / CELL)).Reload()
    assert [event.step for event in curves.Scalars("train/loss")] == [1, 2, 3, 4, 5, 6]
    assert [event.step for event in curves.Scalars("dev/mnli@qaa/accuracy")] == [2, 4, 6]


@pytest.mark.full
def test_snakemakes_own_output_is_available_on_request(done: Checkout):
    (done.results / "report.html").unlink()
    run = done.snakemake("--printshellcmds", "report")
    assert run.code == 0, run.output
    assert "rule build_report:" in run.output
    assert "[1/" not in run.output


def test_a_terminal_has_a_status_line_that_is_removed_at_the_end(done: Checkout):
    shutil.rmtree(done.results / "target" / CELL)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", "target_models"],
        cwd=done.folder, stderr=theirs, stdout=theirs, stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": "", "TERM": "xterm", "COLUMNS": "200"},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:
        pass  # how a terminal says that nobody writes to it any more
    assert process.wait(timeout=60) == 0, shown.decode()
    status = "[0/1] | Train xnli after mnli on mini, seed 1"
    assert status in re.split(r"[\r\n]|\x1b\[K", shown.decode())
    after = shown.decode().rpartition(status)[2]
    assert "\x1b[K[1/1] Train xnli after mnli on mini, seed 1 (" in after
    assert after.count("\x1b[K") == 1


def test_without_a_gpu_nothing_is_leased(finished: Checkout):
    if Path("/proc/driver/nvidia/gpus").exists() or shutil.which("nvidia-smi"):
        pytest.skip("needs a machine without GPUs")
    assert "GPU" not in log(finished, "bases/mini/model")
    assert not (finished.folder / "leases").exists()
