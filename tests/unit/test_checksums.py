"""Checksums of files outside the results follow the content, not the modification time."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from xstilts import checksums
from xstilts.checksums import Checksums
from xstilts.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A release file."""
    path = tmp_path / "data/test.tsv"
    path.parent.mkdir()
    path.write_text("one")
    return path


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def saved(tmp_path: Path, file: Path) -> Path:
    """The file of checksums after a run."""
    store = tmp_path / "results/study/checksums.jsonl"
    found = Checksums(store)
    found.of(file)
    found.save()
    return store


def test_a_file_is_read_once(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = saved(tmp_path, file)
    monkeypatch.setattr(checksums, "sha256_of", lambda path: pytest.fail(f"read {path}"))
    assert Checksums(store).of(file) == sha("one")


def test_other_content_of_the_same_size_and_time_is_noticed(tmp_path: Path, file: Path) -> None:
    store, times = saved(tmp_path, file), file.stat()
    file.write_text("two")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert Checksums(store).of(file) == sha("two")


def test_a_replacement_with_an_older_time_is_noticed(tmp_path: Path, file: Path) -> None:
    store = saved(tmp_path, file)
    file.unlink()
    file.write_text("two")
    os.utime(file, (1, 1))
    assert Checksums(store).of(file) == sha("two")


def test_a_link_that_points_elsewhere_is_noticed(tmp_path: Path, file: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/test.tsv").write_text("two")
    link = tmp_path / "link"
    link.symlink_to(file.parent)
    store = saved(tmp_path, link / "test.tsv")
    link.unlink()
    link.symlink_to(tmp_path / "other")
    assert Checksums(store).of(link / "test.tsv") == sha("two")


def test_touched_and_copied_files_keep_their_checksum(tmp_path: Path, file: Path) -> None:
    store = saved(tmp_path, file)
    file.touch()
    assert Checksums(store).of(file) == sha("one")


def test_jobs_take_the_checksum_of_the_process_that_started_them(
    tmp_path: Path, file: Path
) -> None:
    store = saved(tmp_path, file)
    file.write_text("two")
    assert Checksums(store, fixed=True).of(file) == sha("one")


def test_the_last_line_counts_and_an_unfinished_one_does_not(tmp_path: Path, file: Path) -> None:
    store = saved(tmp_path, file)
    file.write_text("two")
    found = Checksums(store)
    found.of(file)
    found.save()
    assert len(store.read_text().splitlines()) == 2
    with store.open("a") as stream:
        stream.write(f'["{file}", [1, 2')
    assert Checksums(store, fixed=True).of(file) == sha("two")


def test_what_cannot_be_read_is_named(tmp_path: Path, file: Path) -> None:
    file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 123\n")
    with pytest.raises(UserError, match=r"test.tsv: a Git LFS pointer .* `git lfs pull`"):
        Checksums(tmp_path / "store").of(file)
    with pytest.raises(UserError, match=r"nothing.tsv: cannot be read"):
        Checksums(tmp_path / "store").of(tmp_path / "nothing.tsv")
