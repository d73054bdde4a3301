"""Leases of GPUs, with real processes and locks and a given number of devices."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lease_world import VARIABLES, Machine

from xstilts.errors import UserError
from xstilts.gpus import Gpus, count_devices, leased

pytestmark = pytest.mark.slow


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Callable[[int], Machine]]:
    machines: list[Machine] = []

    def of(devices: int) -> Machine:
        machines.append(Machine(tmp_path, devices))
        return machines[-1]

    yield of
    for job in (job for one in machines for job in one.jobs):
        job.kill()


@pytest.fixture
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_each_job_has_a_device_of_its_own_and_the_next_job_waits(machine):
    two = machine(2)
    first, second = two.start(), two.start()
    assert {first.devices(), second.devices()} == {"0", "1"}
    third = two.start()
    assert third.waits()
    assert first.finish() == "gone"
    assert third.devices() in {"0", "1"}
    assert "after waiting" in third.log.read_text()


def test_a_killed_job_gives_its_device_back_at_once(machine):
    one = machine(1)
    first = one.start()
    assert first.devices() == "0"
    second = one.start()
    assert second.waits()
    first.kill()
    assert second.devices(within=5) == "0"


def test_a_job_for_two_devices_gets_both_and_is_not_overtaken(machine):
    two = machine(2)
    small = two.start()
    small.devices()
    large = two.start(count=2)
    assert large.waits()
    # one device is free, but an earlier job needs it
    late = two.start()
    assert late.waits()
    small.finish()
    assert large.devices() == "0,1"
    assert late.waits()
    large.kill()
    assert late.devices(within=5) == "0"


def test_a_job_killed_while_waiting_does_not_block_the_next(machine):
    one = machine(1)
    first = one.start()
    first.devices()
    second = one.start()
    assert second.waits()
    third = one.start()
    assert third.waits()
    second.kill()
    first.kill()
    assert third.devices(within=5) == "0"


def test_jobs_that_share_go_to_different_devices_first(machine):
    two = machine(2)
    seen = [two.start(jobs_per_gpu=2).devices() for _ in range(4)]
    assert set(seen[:2]) == set(seen[2:]) == {"0", "1"}
    assert two.start(jobs_per_gpu=2).waits()


def test_a_job_that_wants_a_device_alone_waits_for_all_that_share_it(machine):
    one = machine(1)
    sharing = [one.start(jobs_per_gpu=2), one.start(jobs_per_gpu=2)]
    assert [job.devices() for job in sharing] == ["0", "0"]
    alone = one.start()
    assert alone.waits()
    sharing[0].kill()
    assert alone.waits()
    sharing[1].kill()
    assert alone.devices(within=5) == "0"
    assert one.start(jobs_per_gpu=2).waits()


def test_a_job_without_gpu_sees_none(machine):
    one = machine(1)
    one.start().devices()
    assert one.start(count=0).devices() == ""


@pytest.mark.parametrize(
    ("devices", "environment", "seen"),
    [
        (0, {}, "all"),
        (1, {"CUDA_VISIBLE_DEVICES": "3"}, "3"),
        (1, {"CUDA_VISIBLE_DEVICES": ""}, ""),
        (1, {"SLURM_JOB_ID": "7"}, "all"),
        (1, {"SLURM_JOB_ID": "7", "CUDA_VISIBLE_DEVICES": "5"}, "5"),
    ],
)
def test_nothing_is_leased_if_devices_are_assigned_already(machine, devices, environment, seen):
    leases = machine(devices)
    jobs = [leases.start(**environment) for _ in range(2)]
    assert [job.devices() for job in jobs] == [seen, seen]
    assert [job.log.read_text() for job in jobs] == ["", ""]
    assert not (leases.folder / "locks").exists()


def test_more_devices_than_exist_is_an_error(tmp_path: Path, nothing_set):
    with (
        pytest.raises(UserError, match="requests 3 GPUs, but this machine has 2"),
        leased(Gpus(count=3), devices=lambda: 2, folder=tmp_path),
    ):
        pass


def test_the_folder_can_be_set(tmp_path: Path, nothing_set, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XSTILTS_LEASES", str(tmp_path / "here"))
    with leased(Gpus(count=1), devices=lambda: 1) as chosen:
        assert chosen == (0,)
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"
        assert (tmp_path / "here/gpu-0").is_file()
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_another_users_folder_is_refused(tmp_path: Path, nothing_set):
    os.chown(tmp_path, 12345, -1)
    with (
        pytest.raises(UserError, match="another user"),
        leased(Gpus(count=1), devices=lambda: 1, folder=tmp_path),
    ):
        pass


@pytest.mark.parametrize("kind", ["file", "dangling link", "open folder", "planted lock"])
def test_what_others_may_have_made_is_refused(tmp_path: Path, nothing_set, monkeypatch, kind: str):
    folder = tmp_path / "leases"
    monkeypatch.setenv("XSTILTS_LEASES", str(folder))
    if kind == "file":
        folder.touch()
    elif kind == "dangling link":
        folder.symlink_to(tmp_path / "nowhere")
    else:
        folder.mkdir()
        folder.chmod(0o777 if kind == "open folder" else 0o700)
        (folder / "gpu-0").symlink_to(tmp_path / "precious")
    with (
        pytest.raises(UserError, match=str(folder)),
        leased(Gpus(count=1), devices=lambda: 1),
    ):
        pass
    assert not (tmp_path / "precious").exists()


def test_devices_are_counted_as_the_driver_lists_them(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("xstilts.gpus.DRIVER", tmp_path / "gpus")
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert count_devices() == 0
    command = tmp_path / "bin/nvidia-smi"
    lines = ["GPU 0: NVIDIA A (UUID: GPU-1)", "  MIG 1g.5gb Device 0: (UUID: MIG-2)", "GPU 1: B"]
    command.write_text("#!/bin/sh\n" + "\n".join(f"echo '{line}'" for line in lines))
    command.chmod(0o755)
    assert count_devices() == 2
    for address in ("0000:01:00.0", "0000:02:00.0", "0000:03:00.0"):
        (tmp_path / "gpus" / address).mkdir(parents=True)
    assert count_devices() == 3


@pytest.mark.gpu
def test_torch_sees_the_leased_device_only(tmp_path: Path, nothing_set):
    torch = pytest.importorskip("torch")
    if not count_devices() or torch.cuda.is_initialized():
        pytest.skip("needs a CUDA device that is not in use here")
    with leased(Gpus(count=1), folder=tmp_path) as (device,):
        assert 0 <= device < count_devices()
        assert torch.cuda.device_count() == 1
