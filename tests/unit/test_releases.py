"""Downloads of releases by URL from a local server: what is kept, and every way to fail."""

from __future__ import annotations

import concurrent.futures
import errno
import gzip
import hashlib
import json
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import xstilts.data.release_cache
import xstilts.retries
from release_server import Site, serving, zipped
from xstilts.data.release_cache import Fetched, ReleaseCache, fetch_release
from xstilts.errors import UserError
from xstilts.jobs.download import downloaded_files, fetch_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xstilts.progress import Progress

NAME = "example.org/data/nli.zip"
URL = f"https://{NAME}"
# not compressible, and longer than a part that is written at once
GERMAN = random.Random(0).randbytes(300_000)
MEMBERS = {"nli/de.tsv": GERMAN, "nli/en.tsv": b"c\n", "nli/readme": b"r", "__MACOSX/de.tsv": b""}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(xstilts.retries, "WAITS", (0.0, 0.0))
    with serving(Site({NAME: zipped(MEMBERS)})) as served:
        yield served


@pytest.fixture
def cache(site: Site, tmp_path: Path) -> ReleaseCache:
    return ReleaseCache(tmp_path / "releases", site.mirrors)


def request(url: str = URL, files: str = "nli/de.tsv", **archive: Any) -> dict[str, Any]:
    """A request for one archive."""
    declared = {"url": url, "into": "", "members": ["nli/*.tsv"], "strip": 0, "sha256": ""}
    return {"archives": [declared | {"size": 0} | archive], "files": [files]}


def fetch(cache: ReleaseCache, **archive: Any) -> Fetched:
    return fetch_release(request(**archive), cache, lambda _: None)


def fails(cache: ReleaseCache, **archive: Any) -> str:
    """The message of a download that fails, and leaves nothing that looks complete."""
    with pytest.raises(UserError) as failure:
        fetch(cache, **archive)
    assert kept(cache) == []
    return str(failure.value)


def kept(cache: ReleaseCache) -> list[str]:
    """Names in the cache, except those that no reader looks at."""
    names = (path.name for path in cache.folder.glob("*")) if cache.folder.is_dir() else ()
    return sorted(name for name in names if not name.startswith("."))


def content(cache: ReleaseCache, fetched: Fetched) -> list[bytes]:
    return [(cache.folder / file).read_bytes() for file in fetched.files]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_needed_members_are_unpacked_once_and_recorded(site, cache):
    fetched = fetch(cache)
    assert fetch(cache) == fetched
    assert len(site.asked) == 1
    assert content(cache, fetched) == [GERMAN]
    assert fetched.archives == {URL: sha256(site.files[NAME])}
    [folder, record] = kept(cache)
    assert record == f"{folder}.json"
    files = {path.name for path in (cache.folder / folder).rglob("*") if path.is_file()}
    assert files == {"de.tsv", "en.tsv"}
    recorded = json.loads((cache.folder / record).read_text())
    assert recorded["files"]["nli/de.tsv"] == sha256(GERMAN)
    assert not any((cache.folder / ".parts").iterdir())


def test_plain_and_compressed_files_get_the_name_in_data_root(site, cache):
    site.files |= {"example.org/a.json": b"{}", "example.org/b.json.gz": gzip.compress(b"[]")}
    plain = {"into": "squad/a.json", "files": "squad/a.json", "members": []}
    assert content(cache, fetch(cache, url="https://example.org/a.json", **plain)) == [b"{}"]
    assert content(cache, fetch(cache, url="https://example.org/b.json.gz", **plain)) == [b"[]"]


def test_a_cut_transfer_is_resumed(site, cache):
    site.faults[NAME] = ["cut", 503]
    assert content(cache, fetch(cache)) == [GERMAN]
    ranges = [asked for _, asked in site.asked]
    assert ranges[0] is None
    assert ranges[1] == ranges[2]
    assert int(re.fullmatch(r"bytes=(\d+)-", ranges[2])[1]) > 100_000


def test_a_transfer_is_not_resumed_if_the_file_has_changed(site, cache):
    changed = zipped(MEMBERS | {"nli/de.tsv": GERMAN[::-1]})
    site.faults[NAME] = ["cut", lambda: site.files.update({NAME: changed})]
    assert content(cache, fetch(cache)) == [GERMAN[::-1]]


def test_after_the_last_attempt_the_part_is_kept_for_the_next_run(site, cache):
    site.faults[NAME] = ["cut", 503, 503]
    message = fails(cache)
    assert message.startswith(f"{URL} (from {site.url}/{NAME}): 3 attempts failed")
    assert "HTTP status 503" in message
    assert "unpack it in `data_root`" in message
    assert content(cache, fetch(cache)) == [GERMAN]
    assert site.asked[-1][1] is not None


@pytest.mark.parametrize(
    ("status", "reason"), [(404, "has no such file"), (403, "refuses access"), (401, "a login")]
)
def test_a_refusal_is_one_message_and_not_tried_again(site, cache, status, reason):
    site.faults[NAME] = [status]
    message = fails(cache)
    assert URL in message
    assert f"{reason} (HTTP status {status})" in message
    assert "with `source: original`" in message
    assert len(site.asked) == 1


def test_a_web_page_is_not_taken_for_the_file(site, cache):
    site.faults[NAME] = ["html"]
    assert "a web page (HTML), not the file" in fails(cache)
    assert content(cache, fetch(cache)) == [GERMAN]


def test_a_server_that_does_not_answer(cache):
    gone = ReleaseCache(cache.folder, {"https://": "http://127.0.0.1:9/"})
    assert "3 attempts failed; the last one: ConnectionError" in fails(gone)


def test_a_mirror_that_is_no_url(cache):
    wrong = ReleaseCache(cache.folder, {"https://example.org": "mirror"})
    assert "not a valid URL" in (message := fails(wrong))
    assert "Correct `url_mirrors`" in message


def test_the_longest_start_of_an_address_decides_on_its_mirror(site, cache):
    moved = {"https://example.org/data/": f"{site.url}/elsewhere/"}
    site.files["elsewhere/nli.zip"] = site.files.pop(NAME)
    found = fetch(ReleaseCache(cache.folder, {**site.mirrors, **moved}))
    assert content(cache, found) == [GERMAN]


def test_another_file_than_the_published_one_is_refused(site, cache):
    message = fails(cache, sha256="0" * 64)
    assert f"the file has changed. Its SHA-256 is {sha256(site.files[NAME])}" in message
    assert f"the published one is {'0' * 64}" in message
    assert len(site.asked) == 2, "a damaged transfer is tried again"


def test_a_damaged_transfer_is_tried_again(site, cache):
    site.faults[NAME] = ["damaged"]
    good = sha256(site.files[NAME])
    assert content(cache, fetch(cache, sha256=good)) == [GERMAN]


def test_the_checksum_of_the_first_download_counts_ever_after(site, cache):
    fetch(cache)
    folder, record = kept(cache)
    for path in sorted((cache.folder / folder).rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (cache.folder / folder).rmdir()
    before = (cache.folder / record).read_text()
    site.files[NAME] = zipped(MEMBERS | {"nli/de.tsv": b"new\n"})
    with pytest.raises(UserError, match=r"that of the first download .* delete this file to acc"):
        fetch(cache)
    assert (cache.folder / record).read_text() == before
    (cache.folder / record).unlink()
    assert content(cache, fetch(cache)) == [b"new\n"]


def test_a_published_checksum_that_differs_from_an_earlier_download(cache):
    fetch(cache)
    with pytest.raises(UserError, match=r"is known to have 0+\. Delete this folder and .*\.json"):
        fetch(cache, sha256="0" * 64)


@pytest.mark.parametrize("damage", ["changed", "missing", "a link out of the cache"])
def test_files_that_are_not_as_unpacked_are_downloaded_again(site, cache, tmp_path, damage):
    fetched = fetch(cache)
    file = cache.folder / next(iter(fetched.files))
    elsewhere = tmp_path / "elsewhere"
    file.rename(elsewhere)
    if damage == "changed":
        file.write_bytes(b"x")
    elif damage != "missing":
        file.symlink_to(elsewhere)
    assert fetch(cache) == fetched
    assert content(cache, fetched) == [GERMAN]
    assert not file.is_symlink()
    assert elsewhere.read_bytes() == GERMAN
    assert len(site.asked) == 2


def test_more_members_of_a_later_version_are_unpacked_too(site, cache):
    fetch(cache)
    fetched = fetch(cache, members=["nli/*"], files="nli/readme")
    assert content(cache, fetched) == [b"r"]
    assert len(kept(cache)) == 2


def test_jobs_at_the_same_time_download_once(site, cache):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: fetch(cache), range(4)))
    assert len({str(item) for item in found}) == 1
    assert len(site.asked) == 1


def test_what_a_killed_run_left_behind_is_replaced(site, cache):
    fetch(cache)
    folder = kept(cache)[0]
    (cache.folder / folder).rename(cache.folder / "old")
    parts = cache.folder / ".parts" / folder
    for left in (parts / "unpacked/nli/fr.tsv", parts / "replaced/nli/de.tsv"):
        left.parent.mkdir(parents=True)
        left.write_text("half")
    fetch(cache)
    assert not list((cache.folder / folder).rglob("fr.tsv"))
    assert not list((cache.folder / ".parts").iterdir())


def test_a_full_disk_during_the_transfer(site, cache, monkeypatch):
    def receive(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("xstilts.transfers._Transfer._receive", receive)
    message = fails(cache)
    assert f"no space left in {cache.folder}" in message
    assert "set `release_cache`" in message
    assert len(site.asked) == 1


def test_a_full_disk_while_unpacking_costs_no_second_transfer(site, cache, monkeypatch):
    def unpack(*arguments: Any) -> None:
        (arguments[3] / "half").write_text("h")
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    with monkeypatch.context() as patch:
        patch.setattr(xstilts.data.release_cache, "unpack", unpack)
        assert f"{URL}: no space left in {cache.folder}" in fails(cache)
    assert not list(cache.folder.rglob("half"))
    assert content(cache, fetch(cache)) == [GERMAN]
    assert len(site.asked) == 1
    assert not list((cache.folder / ".parts").iterdir())


def test_a_download_that_does_not_fit_is_not_started(site, cache):
    assert "no space left" in fails(cache, size=1 << 60)
    assert site.asked == []


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a read-only folder")
def test_a_cache_that_cannot_be_written(site):
    message = fails(ReleaseCache(Path("/sys/kernel/releases"), site.mirrors))
    assert "/sys/kernel/releases cannot be written" in message
    assert "set `release_cache`" in message


def test_an_archive_without_a_needed_member_names_the_nearest(cache):
    message = fails(cache, members=["nli/dee.tsv"])
    assert "it has no member nli/dee.tsv. Nearest file: nli/de.tsv." in message


def test_an_archive_without_the_file_of_the_data_set(cache):
    with pytest.raises(UserError, match=r"no file of this data set. Tried.* Nearest file: nli/de"):
        fetch(cache, files="nli/dee.tsv")


def test_progress_is_reported(cache):
    seen: list[Progress] = []
    fetch_release(request(), cache, seen.append)
    assert {(item.unit, item.total) for item in seen} == {("MB", 1)}
    assert len(seen) > 1


def test_the_manifest_identifies_the_files(site, cache, tmp_path):
    manifest = tmp_path / "de.json"
    fetch_data({"requests": [request()]}, tmp_path, manifest, cache)
    [found] = downloaded_files(manifest)
    assert [file.read_bytes() for file in found.files] == [GERMAN]
    assert found.facts == {"archives": {URL: sha256(site.files[NAME])}}
    found.files[0].write_bytes(b"x")
    with pytest.raises(UserError, match=r"de\.tsv: changed since it was downloaded\. Delete"):
        downloaded_files(manifest)


def test_a_damaged_archive_is_not_kept(site, cache):
    site.files[NAME] = site.files[NAME][:200_000]
    assert "it is damaged: " in fails(cache)
    assert not any((cache.folder / ".parts").iterdir())
