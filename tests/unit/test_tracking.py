"""Curves of a stage in TensorBoard's files, read back by TensorBoard."""

from __future__ import annotations

import contextlib
import errno
import shutil
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from test_training_selection import stage

from xstilts.errors import Interrupted, UserError
from xstilts.tracking import Tracker, Tracking

MANIFEST = Path("results/tiny/target/mini/seed-1/none/xnli/manifest.json")
CURVES = Path("results/tiny/tensorboard/target/mini/seed-1/none/xnli")
DEV = "dev/classification@en/accuracy"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project folder the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tracked(folder: Path, stop_after: int | None = None, out: str = "model") -> None:
    """Run the stage with TensorBoard, to the end or an interruption."""
    tracker = Tracking(tensorboard=True).open(MANIFEST, "toy", {})
    run = {"tracker": tracker, "stop_after": stop_after, "save_steps": 6}
    with contextlib.closing(tracker), contextlib.suppress(Interrupted):
        stage(folder, out=out, run=run)


def points(tag: str) -> dict[int, float]:
    """Return step to value; every step must occur once."""
    events = EventAccumulator(str(CURVES), size_guidance={"scalars": 0}).Reload().Scalars(tag)
    found = {event.step: event.value for event in events}
    assert len(found) == len(events)
    assert sorted(found) == [event.step for event in events]
    return found


def same_as_the_records(model: Path) -> None:
    """The curves are those of the Parquet files next to the model."""
    rows = pq.read_table(model / "history.parquet").to_pylist()
    for column, tag in [
        ("loss", "train/loss"),
        ("loss", "train/loss/classification"),
        ("learning_rate", "train/learning_rate"),
        ("grad_norm", "train/grad_norm"),
    ]:
        expected = {row["step"] + 1: row[column] for row in rows}
        assert points(tag) == pytest.approx(expected, rel=1e-6), tag
    dev = pq.read_table(model / "selection.parquet").to_pylist()
    assert points(DEV) == pytest.approx({row["step"]: row["value"] for row in dev}, rel=1e-6)
    speeds = points("train/tokens_per_second")
    last = {row["seconds"]: row["step"] + 1 for row in rows}
    assert list(speeds) == list(last.values())
    # tokens and seconds of the stage are the sums of its runs
    seconds = dict(zip(last.values(), last, strict=True))
    tokens = before = 0.0
    for step, speed in speeds.items():
        tokens += speed * (seconds[step] - before)
        before = seconds[step]
    assert tokens == pytest.approx(sum(row["tokens"] for row in rows), rel=1e-3)


def test_every_step_and_evaluation_is_written(folder: Path):
    tracked(folder)
    same_as_the_records(folder / "model")
    assert len(list(CURVES.iterdir())) == 1


def test_a_resumed_stage_has_no_step_twice(folder: Path):
    tracked(folder, stop_after=8)
    assert max(points("train/loss")) == 8
    tracked(folder)
    same_as_the_records(folder / "model")


def test_steps_after_the_saved_state_are_not_duplicated(folder: Path):
    tracked(folder, stop_after=8)
    shutil.copytree(folder / "state", folder / "state-at-8")
    tracked(folder, stop_after=15)
    assert max(points("train/loss")) == 15
    # as after a kill: events up to 15, a state from before
    shutil.rmtree(folder / "state")
    (folder / "state-at-8").rename(folder / "state")
    tracked(folder)
    same_as_the_records(folder / "model")


def test_training_again_replaces_the_curves(folder: Path):
    tracked(folder)
    shutil.rmtree(folder / "state", ignore_errors=True)
    tracked(folder, out="again")
    same_as_the_records(folder / "again")


def test_a_full_disk_ends_the_curves_and_not_the_training(folder: Path, caplog):
    class Full:
        written = 0

        def write(self, *_: object) -> None:
            Full.written += 1
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    tracker = Tracker([Full()])
    with contextlib.closing(tracker):
        stage(folder, run={"tracker": tracker})
    assert Full.written == 1
    assert "No space left" in caplog.text
    assert (folder / "model/model.safetensors").is_file()


def test_nothing_is_written_or_imported_unless_enabled(folder: Path):
    before = {name for name in sys.modules if name.startswith("torch.utils.tensorboard")}
    tracker = Tracking().open(MANIFEST, "toy", {})
    stage(folder, run={"tracker": tracker})
    assert not (folder / "results").exists()
    assert {name for name in sys.modules if name.startswith("torch.utils.tensorboard")} == before


def test_missing_wandb_is_one_clear_error(folder: Path, monkeypatch: pytest.MonkeyPatch):
    # as where it is not installed
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(UserError, match="package wandb is not installed"):
        Tracking(wandb="transfer").open(MANIFEST, "toy", {})
