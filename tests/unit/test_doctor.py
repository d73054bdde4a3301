"""``xstilts doctor``: each check finds what is wrong, and says what to do."""

from __future__ import annotations

import contextlib
import resource
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from huggingface_hub import constants

from hub_server import Hub, serving
from xstilts import gpus
from xstilts.doctor import devices, disks, file_locks, limits, network, packages, slurm
from xstilts.doctor.base import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator


ROOT = Path(__file__).parents[2]


def only(check: Iterator[Finding]) -> Finding:
    (finding,) = check
    return finding


# ---- versions -----------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_python_is_named() -> None:
    found = only(packages.python())
    assert (found.level, sys.executable in found.found) == ("ok", True)


def test_another_version_than_the_locked_one_is_a_warning(checkout: Path) -> None:
    lock = checkout / "requirements.lock"
    text = lock.read_text()
    numpy = next(row for row in text.splitlines() if row.startswith("numpy=="))
    lock.write_text(text.replace(numpy, "numpy==2.0.1"))
    found = list(packages.packages(checkout))[-1]
    assert found.level == "warning"
    assert "(lock: 2.0.1)" in found.found
    assert "make env" in found.do


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ('"nothing-like-it>=1"', "not installed: nothing-like-it"),
        ('"numpy>=99"', "numpy {numpy} (needs >=99)"),
    ],
)
def test_packages_that_cannot_work_are_a_fault(checkout: Path, new: str, message: str) -> None:
    import numpy

    project = checkout / "pyproject.toml"
    text = project.read_text()
    assert '"numpy>=2.0,<3"' in text
    project.write_text(text.replace('"numpy>=2.0,<3"', new))
    found = next(packages.packages(checkout))
    assert (found.level, found.found) == ("fault", message.format(numpy=numpy.__version__))


def test_without_a_checkout_versions_are_not_checked(tmp_path: Path) -> None:
    assert only(packages.packages(tmp_path)).level == "not checked"


# ---- machine ------------------------------------------------------------------------------------


@pytest.mark.skipif(torch.version.cuda is not None, reason="this torch is built for CUDA")
def test_a_cpu_build_of_torch_next_to_gpus_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        (tmp_path / "gpus" / f"0000:{number}").mkdir(parents=True)
    (tmp_path / "version").write_text(
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build\n"
    )
    monkeypatch.setattr(gpus, "DRIVER", tmp_path / "gpus")
    found = only(devices.devices())
    assert found.level == "fault"
    assert found.found.startswith("2 x NVIDIA GPU, driver 570.86.15")
    assert "built for CPUs only, which does not use them" in found.found
    assert f"torch {torch.__version__.partition('+')[0]}" in found.do


@pytest.mark.skipif(gpus.present() is not None, reason="this machine has a GPU")
def test_a_machine_without_gpus_is_fine() -> None:
    found = only(devices.devices())
    assert (found.level, "jobs run on the CPU" in found.found) == ("ok", True)


def test_space_is_compared_with_what_the_study_needs(tmp_path: Path) -> None:
    folder = disks.Folder(name="results", path=tmp_path / "results", move="move it")
    found = only(disks.space(folder))
    assert f"free on {disks.mount_point(tmp_path)}" in found.found
    whole = disks.Folder(name="results", path=tmp_path, move="move it", needed=10**18)
    found = only(disks.space(whole))
    assert (found.level, found.do) == ("fault", "Free space, or move it.")
    assert "the study still needs 1,000,000,000.0 GB" in found.found


def test_folders_are_written_to(tmp_path: Path) -> None:
    caches = {"hub_cache": tmp_path / "new", "release_cache": Path("/proc/cache")}
    found = {folder.name: folder for folder in disks.folders(caches=caches)}
    assert list(found) == ["results", ".snakemake", "Hugging Face cache", "TMPDIR", *caches]
    assert only(disks.space(found["hub_cache"])).level != "fault"
    assert list(tmp_path.iterdir()) == []
    if Path("/proc/self").is_dir():
        refused = only(disks.space(found["release_cache"]))
        assert (refused.level, refused.found.startswith("/proc/cache: ")) == ("fault", True)
        assert refused.do == "Change it, or set `release_cache` in the study to a folder elsewhere."


def test_types_of_file_systems_are_told_apart() -> None:
    assert all(map(disks.is_shared, ("nfs4", "lustre", "beegfs_nodev", "gpfs", "ceph")))
    assert not any(map(disks.is_shared, ("ext4", "xfs", "tmpfs", "overlay", "btrfs", "zfs")))
    assert disks.filesystem(Path("/")) != ""


def test_locks_are_tried_between_two_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = next(file_locks.file_locks(tmp_path / "results"))
    assert (found.level, str(tmp_path) in found.found) == ("ok", True)
    assert list(tmp_path.iterdir()) == []
    # a file system that grants every lock
    monkeypatch.setattr(file_locks, "locked", lambda *_: contextlib.nullcontext())
    found = next(file_locks.file_locks(tmp_path))
    assert found.level == "fault"
    assert "was free for another one" in found.found
    assert "Do not run two checkouts" in found.do


def test_the_hub_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with serving(Hub()) as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        assert only(network.hub(needed=True)) == Finding("ok", "hub", f"{hub.url} answers")
    # a port at which nobody listens
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    for needed, level in ((None, "warning"), (False, "warning"), (True, "fault")):
        found = only(network.hub(needed=needed))
        assert (found.level, "HF_ENDPOINT" in found.do) == (level, True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert only(network.hub(needed=False)).level == "ok"
    found = only(network.hub(needed=True))
    assert (found.level, "unset it" in found.do) == ("fault", True)


def test_a_long_folder_of_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("x" * 100)))
    monkeypatch.delenv("TMPDIR", raising=False)
    own, others = limits.sockets()
    assert (own.level, others.level) == ("ok", "warning")
    assert "at most 103" in others.found
    monkeypatch.setattr(tempfile, "tempdir", "/tmp")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    found = next(limits.sockets())
    assert (found.subject, found.level) == ("TMPDIR", "warning")


def test_few_open_files_are_a_warning() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    try:
        found = next(limits.user_limits())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert (found.level, found.found.startswith("1,024 ")) == ("warning", True)


# ---- SLURM --------------------------------------------------------------------------------------

ANSWERS = {
    "scontrol": (
        'case "$1" in\n'
        'ping) echo "Slurmctld(primary) at head is UP";;\n'
        '*) printf "AccountingStorageType   = accounting_storage/none\\n'
        'MinJobAge               = 300 sec\\n";;\nesac'
    ),
    "sinfo": (
        'case "$*" in\n'
        '--version) echo "slurm-wlm 22.05.8";;\n'
        '*-N*) printf "n1\\nn2\\n";;\n'
        '*) printf "gpu*|2-00:00:00|4|gpu:a100:4|up\\ncpu|infinite|2|(null)|up\\n'
        'old|1:00:00|1|(null)|down\\n";;\nesac'
    ),
}
"""Shell code of SLURM's tools, with the layout of the real ones' output."""


def with_slurm(folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: str) -> list[Finding]:
    for name, text in (ANSWERS | changes).items():
        tool = folder / name
        tool.write_text(f"#!/bin/sh\n{text}\n")
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return list(slurm.slurm())


def test_a_site_is_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {f.subject: f for f in with_slurm(tmp_path, monkeypatch)}
    assert found["SLURM"].found == "slurm-wlm 22.05.8: Slurmctld(primary) at head is UP"
    assert found["SLURM plugin"].level == "ok"
    assert found["SLURM accounting"].found.startswith("none; profiles/slurm asks squeue")
    assert found["SLURM accounting"].level == "ok"
    assert found["partition gpu"].found == (
        "4 nodes with gpu:a100:4; time limit 2-00:00:00 (default)"
    )
    assert found["partition cpu"].found == "2 nodes without GPUs; time limit infinite"
    assert found["partition old"].level == "warning"
    assert "SLURM GPUs" not in found
    shared = found["folder on compute nodes"]
    assert shared.level in ("not checked", "warning")
    assert "the 2 nodes" in shared.found
    assert shared.do.startswith("srun --time=1 test -d ")


def test_a_controller_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    down = 'echo "Slurmctld(primary) at head is DOWN"; exit 1'
    found = only(iter(with_slurm(tmp_path, monkeypatch, scontrol=down)))
    assert (found.level, "at head is DOWN" in found.found) == ("fault", True)


def test_a_site_without_gpus_that_forgets_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgets = ANSWERS["scontrol"].replace("300 sec", "10 sec")
    plain = ANSWERS["sinfo"].replace("gpu:a100:4", "(null)")
    found = {f.subject: f for f in with_slurm(tmp_path, monkeypatch, scontrol=forgets, sinfo=plain)}
    assert found["SLURM accounting"].level == "warning"
    assert "gpu=0" in found["SLURM GPUs"].do


def test_without_slurm_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert only(slurm.slurm()).found.startswith("none here")
