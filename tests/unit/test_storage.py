"""Errors of storage become one message; temporary files and folders are one's own."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest
from filelock import FileLock

from xstilts.errors import UserError
from xstilts.files import atomic_path, write_text
from xstilts.leftovers import (
    FRESH,
    enter_working_folder,
    exclude_runs,
    remove_leftovers,
)
from xstilts.own_folder import checked
from xstilts.runner.run_folder import FORK_SERVER, VARIABLE, RunFolder, stop_run
from xstilts.storage import storage_problem


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device. The file"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "Your quota is used up"),
        (OSError(errno.EROFS, "Read-only file system", "{root}/a/b"), "Mount it for writing"),
        (OSError(errno.EACCES, "Permission denied", "{root}/a/b"), "Change its permissions"),
        # how safetensors and torch say it
        (ValueError("I/O error: No space left on device (os error 28)"), "No space left on device"),
        (RuntimeError("[enforce fail at x.cc:672] . unexpected pos 704 vs 598"), "No space left"),
        (OSError(errno.EACCES, "Permission denied", "/data/release.zip"), None),
        (OSError(errno.ENOENT, "No such file", "{root}/a"), None),
        (ValueError("another"), None),
    ],
)
def test_what_is_wrong_with_the_storage(tmp_path: Path, error: Exception, said: str | None) -> None:
    if isinstance(error, OSError) and error.filename:
        error.filename = error.filename.format(root=tmp_path)
    try:
        try:
            raise error
        finally:
            raise KeyError("while it was handled")
    except KeyError as last:
        problem = storage_problem(last, tmp_path)
    assert (problem is None) if said is None else (problem and said in problem)


def test_leftovers_of_killed_jobs_are_removed_and_nothing_else(tmp_path: Path) -> None:
    root = tmp_path / "results/s"
    write_text(root / "tables/a.md", "a")
    left = [root / "state/1/.state-a.pt.x.part", root / "figures/.a.svg.y.part"]
    stages = {name: root / f"target/m/{name}" / FRESH for name in ("left", "made")}
    for file in (*left, *(folder / "model.safetensors" for folder in stages.values())):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    lock = FileLock(root / "locks/target/m/made.lock")
    Path(lock.lock_file).parent.mkdir(parents=True)
    with lock, atomic_path(root / "figures/b.svg") as written:
        remove_leftovers(root)
        assert not any(file.exists() for file in left)
        assert written.exists()
        assert not stages["left"].exists()
        assert stages["made"].exists()
    assert (root / "tables/a.md").read_text() == "a"


def test_the_lock_of_a_killed_run_is_removed_once_no_run_is_left(tmp_path: Path) -> None:
    snakemake, root = tmp_path / ".snakemake", Path("results/tiny")
    first = enter_working_folder(snakemake, root)
    own, other = (snakemake / f"locks/{number}.input.lock" for number in range(2))
    own.parent.mkdir()
    own.write_text("LICENSE\nresults/tiny/report.html\n")
    other.write_text("results/tiny-2/report.html\n")
    second = enter_working_folder(snakemake, root)
    assert own.exists()
    for descriptor in (first, second):
        assert descriptor is not None
        os.close(descriptor)
    third = enter_working_folder(snakemake, root)
    assert third is not None
    assert not own.exists()
    assert other.exists()
    os.close(third)


def test_a_command_excludes_runs_that_go_on_but_not_killed_ones(tmp_path: Path) -> None:
    snakemake = tmp_path / ".snakemake"
    run = enter_working_folder(snakemake, Path("results/tiny"))
    assert run is not None
    lock = snakemake / "locks/0.input.lock"
    lock.parent.mkdir()
    lock.touch()
    with pytest.raises(UserError, match="running here"), exclude_runs(snakemake):
        pass
    os.close(run)
    with (
        exclude_runs(snakemake),
        (snakemake / "xstilts.lock").open() as other,
        pytest.raises(BlockingIOError),
    ):
        fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
    # as on a file system without locks
    (snakemake / "xstilts.lock").unlink()
    with pytest.raises(UserError, match="--unlock"), exclude_runs(snakemake):
        pass
    lock.unlink()
    with exclude_runs(snakemake):
        pass


def test_a_run_sees_its_jobs_and_the_reason_of_the_first_that_stops_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, "")
    run = RunFolder()
    try:
        reader = os.open(run.path / "running", os.O_RDONLY | os.O_NONBLOCK)
        with pytest.raises(BlockingIOError):
            os.read(reader, 1)
        assert (stop_run("full"), stop_run("full too"), run.reason()) == (True, False, "full")
        run.stop_jobs()
        assert os.read(reader, 1) == b""
        assert run.has_jobs()
        os.close(reader)
        assert not run.has_jobs()
        assert len(os.fsencode(run.path / FORK_SERVER)) < 100
    finally:
        run.remove()
    assert not run.path.exists()


def test_a_folder_is_used_only_if_it_is_this_users_alone(tmp_path: Path) -> None:
    assert checked(tmp_path / "new", follow=False).stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "other").symlink_to(tmp_path / "new")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    for name, said in {
        "file": "a file, not a folder",
        "link": "a link to .*nowhere, not a folder",
        "other": "a link to .*new, not a folder",
        "open": "other users can write to it",
    }.items():
        with pytest.raises(UserError, match=said):
            checked(tmp_path / name, follow=False)
    assert checked(tmp_path / "other", follow=True)
