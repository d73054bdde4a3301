"""Archives of releases: formats, needed members, and what is refused."""

from __future__ import annotations

import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from release_server import tarred, zipped
from xstilts.data.unpack import UnpackError, unpack

if TYPE_CHECKING:
    from pathlib import Path

MEMBERS = {"nli/de.tsv": b"a\n" * 9999, "nli/en.tsv": b"c\n", "nli/readme": b"", "x/de.tsv": b""}
WRITERS = [("zip", zipped), ("tgz", tarred)]


def unpacked(tmp_path: Path, archive: bytes, name: str, *patterns: str, strip: int = 0) -> set[str]:
    """Paths of the members that are unpacked."""
    file, out = tmp_path / "archive", tmp_path / "out"
    file.write_bytes(archive)
    out.mkdir()
    unpack(file, name, patterns, out, strip)
    return {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}


def test_needed_members_of_a_zip(tmp_path):
    assert unpacked(tmp_path, zipped(MEMBERS), "a.zip", "nli/*.tsv") == {"nli/de.tsv", "nli/en.tsv"}
    assert (tmp_path / "out/nli/de.tsv").read_bytes() == MEMBERS["nli/de.tsv"]


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
def test_needed_members_of_a_tar(tmp_path, compression):
    archive = tarred({f"./{name}": text for name, text in MEMBERS.items()}, compression)
    name = f"a.tar.{compression}".rstrip(".")
    assert unpacked(tmp_path, archive, name, "*/de.tsv") == {"nli/de.tsv", "x/de.tsv"}
    assert (tmp_path / "out/nli/de.tsv").read_bytes() == MEMBERS["nli/de.tsv"]


@pytest.mark.parametrize(("end", "write"), WRITERS)
def test_an_archive_in_an_archive_becomes_a_folder(tmp_path, end, write):
    archive = tarred({f"panx/de.{end}": write({"train": b"t", "extra": b"e"})}, "")
    found = unpacked(tmp_path, archive, "a.tar", f"panx/de.{end}!train", strip=1)
    assert found == {"de/train"}


def test_a_pattern_without_a_member_names_the_nearest(tmp_path):
    with pytest.raises(UnpackError, match=r"no member nli/dee\.tsv\. Nearest file: nli/de\.tsv"):
        unpacked(tmp_path, zipped(MEMBERS), "a.zip", "nli/dee.tsv")
    nested = tarred({"de.zip": zipped({"train": b""})}, "")
    with pytest.raises(UnpackError, match="no member test"):
        unpacked(tmp_path / "out", nested, "a.tar", "de.zip!test")


@pytest.mark.parametrize("name", ["../de.tsv", "/nli/de.tsv", "nli/../../de.tsv", "nli\\x/de.tsv"])
@pytest.mark.parametrize(("end", "write"), WRITERS)
def test_members_outside_the_folder_are_refused(tmp_path, name, end, write):
    with pytest.raises(UnpackError, match="leaves the folder"):
        unpacked(tmp_path, write({name: b"x"}), f"a.{end}", name)
    assert {path.name for path in tmp_path.rglob("*")} == {"archive", "out"}


def test_links_are_refused(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        item = zipfile.ZipInfo("nli/de.tsv")
        item.external_attr = 0o120777 << 16
        archive.writestr(item, "/etc/passwd")
    with pytest.raises(UnpackError, match=r"nli/de\.tsv is a link"):
        unpacked(tmp_path, out.getvalue(), "a.zip", "nli/*")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_of_a_tar_are_refused(tmp_path, kind):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        item = tarfile.TarInfo("nli/de.tsv")
        item.type, item.linkname = kind, "/etc/passwd"
        archive.addfile(item)
    with pytest.raises(UnpackError, match=r"nli/de\.tsv is a link"):
        unpacked(tmp_path, out.getvalue(), "a.tgz", "nli/*")


@pytest.mark.parametrize(("end", "write"), WRITERS)
def test_damaged_archives(tmp_path, end, write):
    whole = write(MEMBERS)
    for number, damaged in enumerate((b"not an archive", b"", whole[: len(whole) // 2])):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(UnpackError, match="it is damaged: "):
            unpacked(folder, damaged, f"a.{end}", "nli/*.tsv")
