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
from test_config import STUDY

from hub_server import Hub, serving
from xstilts import cli, gpus
from xstilts.doctor import devices, disks, file_locks, limits, network, packages, slurm
from xstilts.doctor.base import Finding, guarded
from xstilts.doctor.command import line
from xstilts.doctor.study import study_needs
from xstilts.grid import Grid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xstilts.doctor.base import Check

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


def test_every_folder_of_a_run_is_looked_at() -> None:
    assert [folder.name for folder in disks.folders()] == [
        "results", ".snakemake", "Hugging Face cache", "TMPDIR",
    ]  # fmt: skip


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


def test_caches_are_written_to(tmp_path: Path) -> None:
    found = list(network.caches({"hub_cache": tmp_path / "new", "release_cache": tmp_path}))
    assert [finding.level for finding in found[1:]] == ["ok", "ok"]
    assert f"to be made below {tmp_path}" in found[1].found
    assert list(tmp_path.iterdir()) == []
    if Path("/proc/self").is_dir():
        found = list(network.cache("hub_cache", Path("/proc/cache"), "set it"))
        assert (found[0].level, found[0].do) == ("fault", "Change it, or set it.")


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


# ---- study and command --------------------------------------------------------------------------


def loaded(folder: Path, text: str) -> dict[str, Finding]:
    file = folder / "study.yaml"
    file.write_text(text)
    needs = study_needs(lambda: Grid.load(None, [file], files_must_exist=False))
    return {finding.subject: finding for finding in needs.findings}


def test_a_study_with_all_its_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = loaded(tmp_path, STUDY)
    assert {finding.level for finding in found.values()} == {"ok"}
    assert found["base mini"].found == "is pretrained by the study"


def test_missing_data_and_bases_of_a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    text = STUDY.replace("source: microworld\nsource_language: qaa\n", "source: original\n")
    text = text.replace("microworld:\n  languages: 3\n", "").replace(
        "languages: all", "languages: [en]"
    )
    text = text.replace(
        "    pretrain: {vocab_size: 500}", "    hub: owner/model\n  own: {path: there}"
    )
    found = loaded(tmp_path, text)
    assert "bases.own.path: no such folder" in found["study"].found
    (tmp_path / "there").mkdir()
    (tmp_path / "there/config.json").write_text("{}")
    found = loaded(tmp_path, text)
    assert found["data of mnli"].level == "fault"
    assert "data_root is not set" in found["data of mnli"].found
    assert "to be fetched" in found["base mini"].found
    assert (found["base own"].level, "has no weights" in found["base own"].found) == ("fault", True)
    found = loaded(tmp_path, text.replace("[mnli]", "[mnly]"))
    assert (found["study"].level, "Did you mean 'mnli'?" in found["study"].found) == ("fault", True)


def test_a_check_that_fails_is_a_finding() -> None:
    def broken() -> Iterator[Finding]:
        yield Finding("ok", "a", "b")
        raise RuntimeError("no such thing")

    check: Check = broken
    assert [line(finding) for finding in guarded("machine", check)] == [
        "ok          a: b",
        "warning     machine: the check failed: RuntimeError: no such thing",
    ]


def test_the_command_fails_if_there_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    # a SLURM of this machine may have faults of its own
    monkeypatch.setenv("PATH", str(tmp_path))
    Path("study.yaml").write_text(STUDY.replace("[mnli]", "[mnly]"))
    assert cli.main(["doctor", "--configfile", "study.yaml"]) == 1
    output = capsys.readouterr().out
    assert "fault       study: study.yaml:" in output
    subjects = ("Python", "packages", "GPUs", "space of results", "file locks", "hub", "open files")
    for subject in (*subjects, "Hugging Face cache", "socket of the run", "SLURM"):
        assert f" {subject}: " in output
    assert output.splitlines()[-1].startswith("Faults: 1, warnings: ")
