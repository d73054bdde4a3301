"""Downloads, for real, from a server on this machine that speaks the hub's layout."""

from __future__ import annotations

import concurrent.futures
import contextlib
import hashlib
import json
import os
from pathlib import Path

import pytest
from huggingface_hub import constants

from hub_server import COMMIT, Hub, serving
from xstilts.data.hub_cache import HubCache
from xstilts.errors import UserError
from xstilts.paths import input_names
from xstilts.stages.download import downloaded_files, fetch_data

REPO = "owner/nli"
FILE = "en/train-00000-of-00002.parquet"
CONTENT = {
    FILE: os.urandom(300_000),
    "en/train-00001-of-00002.parquet": b"second shard",
    "en/test-00000-of-00001.parquet": b"test",
    "README.md": b"# A data set\n",
}


def point_to(url: str, monkeypatch) -> None:
    """What HF_ENDPOINT does, after the hub's library was imported."""
    monkeypatch.setattr(constants, "ENDPOINT", url)
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def hub(monkeypatch):
    served = Hub()
    served.files[REPO] = dict(CONTENT)
    with serving(served):
        point_to(served.url, monkeypatch)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        yield served


@pytest.fixture
def cache(tmp_path):
    return HubCache(tmp_path / "hub", waits=(0.0, 0.0))


def fails(cache: HubCache, *patterns: str, repo: str = REPO, revision: str = "main") -> str:
    with pytest.raises(UserError) as caught:
        cache.fetch(repo, revision, patterns or (FILE,))
    return str(caught.value)


def left_over(cache: HubCache) -> list[str]:
    return [path.name for path in cache.folder.rglob("*.part")]


def test_files_come_whole_with_commit_and_checksum(hub, cache):
    fetched = cache.fetch(REPO, "main", ["none/*.parquet", "en/train-*.parquet"])
    assert fetched.commit == COMMIT
    paths = [FILE, "en/train-00001-of-00002.parquet"]
    assert fetched.files == {path: hashlib.sha256(CONTENT[path]).hexdigest() for path in paths}
    for path in paths:
        file = cache.file(REPO, COMMIT, path)
        assert file.read_bytes() == CONTENT[path]
        assert json.loads(file.with_name(f"{file.name}.json").read_text()) == {
            "path": path,
            "bytes": len(CONTENT[path]),
            "sha256": fetched.files[path],
        }
    assert not left_over(cache)
    assert not hub.asked("en/test")


def test_what_is_here_needs_no_network(hub, cache, monkeypatch):
    first = cache.fetch(REPO, "main", [FILE, "README.md"])
    cache.fetch(REPO, "main", ["README.md"])
    hub.requests.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert HubCache(cache.folder).fetch(REPO, "main", [FILE]) == first
    assert HubCache(cache.folder).fetch(REPO, COMMIT, ["README.md"]).commit == COMMIT
    assert hub.requests == []


def test_a_branch_is_resolved_once_for_all_languages(hub, cache):
    hub.branches["refs/convert/parquet"] = COMMIT
    cache.fetch(REPO, "refs/convert/parquet", [FILE])
    cache.fetch(REPO, "refs/convert/parquet", ["en/test-*.parquet"])
    assert [path for _, path, _ in hub.asked("/api/")] == [
        f"/api/datasets/{REPO}/revision/refs/convert/parquet"
    ]


@pytest.mark.parametrize("key", [REPO, FILE], ids=["list of files", "file"])
def test_an_overloaded_server_is_asked_again(hub, cache, key):
    hub.faults[key] = [503, 429] if key == REPO else [503, 500]
    assert cache.fetch(REPO, "main", [FILE]).files
    assert cache.file(REPO, COMMIT, FILE).read_bytes() == CONTENT[FILE]


def test_a_server_that_stays_overloaded_is_one_error(hub, cache):
    hub.faults[FILE] = [503] * 9
    message = fails(cache)
    assert f"{REPO}, revision {COMMIT}, {FILE}: no success in 3 tries at {hub.url}" in message
    assert "HTTP status 503" in message
    assert "source: mirror" in message
    assert len(hub.asked("/resolve/")) == 3


def test_a_cut_transfer_goes_on_where_it_stopped(hub, cache, monkeypatch):
    # the hub's library writes in steps of 10 MB; the file of the test is smaller
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 40_000)
    hub.faults[FILE] = ["cut"]
    cache.fetch(REPO, "main", [FILE])
    assert [asked for _, _, asked in hub.asked("/resolve/")] == [None, "bytes=120000-"]
    assert cache.file(REPO, COMMIT, FILE).read_bytes() == CONTENT[FILE]


def test_a_part_of_a_killed_job_is_continued(hub, cache):
    part = cache.file(REPO, COMMIT, f"{FILE}.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[FILE][:200_000])
    cache.fetch(REPO, "main", [FILE])
    assert [asked for _, _, asked in hub.asked("/resolve/")] == ["bytes=200000-"]
    assert cache.file(REPO, COMMIT, FILE).read_bytes() == CONTENT[FILE]


@pytest.mark.parametrize("content", [b"x" * 10, b"x" * 400_000], ids=["short", "long"])
def test_a_part_of_something_else_is_thrown_away(hub, cache, content):
    part = cache.file(REPO, COMMIT, f"{FILE}.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(content)
    cache.fetch(REPO, "main", [FILE])
    assert cache.file(REPO, COMMIT, FILE).read_bytes() == CONTENT[FILE]


@pytest.mark.parametrize("path", [FILE, "README.md"], ids=["large file", "git file"])
def test_damage_on_the_way_is_noticed(hub, cache, path):
    hub.faults[path] = ["damaged"]
    cache.fetch(REPO, "main", [path])
    assert cache.file(REPO, COMMIT, path).read_bytes() == CONTENT[path]
    other = HubCache(cache.folder / "other", waits=(0.0,))
    hub.faults[path] = ["damaged"] * 9
    assert "checksum mismatch: the hub lists" in fails(other, path)
    assert not other.file(REPO, COMMIT, path).exists()
    assert not left_over(other)


@pytest.mark.parametrize("path", [FILE, "README.md"], ids=["large file", "git file"])
def test_damage_on_disk_is_noticed(hub, cache, path):
    cache.fetch(REPO, "main", [path])
    cache.file(REPO, COMMIT, path).write_bytes(b"something else")
    hub.requests.clear()
    cache.fetch(REPO, "main", [path])
    assert len(hub.asked("/resolve/")) == 1
    assert cache.file(REPO, COMMIT, path).read_bytes() == CONTENT[path]


def test_no_such_file_names_the_nearest(hub, cache):
    message = fails(cache, "en/dev-*.parquet", "en/test-*.parqet")
    assert "Tried, in this order: en/dev-*.parquet, en/test-*.parqet." in message
    assert "Nearest file: en/t" in message
    assert f"revisions: {{{REPO}: COMMIT}}" in message


def test_a_file_that_is_listed_but_gone(hub, cache, monkeypatch):
    hub.faults[FILE] = [404]
    hub.files[REPO][FILE] = CONTENT[FILE]
    message = fails(cache)
    assert f"{REPO}, revision {COMMIT}, {FILE}" in message
    assert "HTTP status 404" in message
    assert len(hub.asked("/resolve/")) == 1


def test_no_such_repository(hub, cache):
    message = fails(cache, repo="owner/nlli")
    assert "owner/nlli, revision main, (list of files): no such repository" in message
    assert f"{hub.url}/datasets/owner/nlli" in message


def test_no_such_revision(hub, cache):
    assert "no such revision" in fails(cache, revision="d" * 40)
    assert "the key `revisions`" in fails(cache, revision="mmain")


def test_a_gated_repository_names_the_page_and_the_token(hub, cache):
    hub.gated.add(REPO)
    message = fails(cache)
    assert "access is refused (HTTP status 403)" in message
    assert f"Open {hub.url}/datasets/{REPO}, accept the terms" in message
    assert "HF_TOKEN" in message
    assert len(hub.asked("/resolve/")) == 1


def test_offline_is_one_error(hub, cache, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    message = fails(cache)
    assert "HF_HUB_OFFLINE forbids the network" in message
    assert str(cache.folder) in message
    assert hub.requests == []


def test_no_server_is_one_error(hub, cache, monkeypatch):
    with serving(Hub()) as gone:
        pass
    point_to(gone.url, monkeypatch)
    message = fails(cache)
    assert f"no success in 3 tries at {gone.url}" in message
    assert "Check the connection" in message


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_error(hub, cache):
    part = cache.file(REPO, COMMIT, f"{FILE}.part")
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    message = fails(cache)
    assert f"{FILE}: no space left in {cache.folder}" in message
    assert "hub_cache" in message


def test_a_file_that_does_not_fit_is_not_begun(hub, cache, monkeypatch):
    listing = hub.listing(REPO)
    listing["siblings"][0] |= {"size": 1 << 60}
    monkeypatch.setattr(hub, "listing", lambda repo: listing)
    assert "MB to come" in fails(cache)
    assert not hub.asked("/resolve/")


def test_a_path_that_leaves_the_folder_is_no_file(hub, cache):
    hub.files[REPO]["../evil.parquet"] = b"evil"
    assert "no file matches" in fails(cache, "../evil.parquet")


def test_jobs_at_the_same_time_download_once(hub, cache):
    def fetch(_: int) -> None:
        HubCache(cache.folder).fetch(REPO, "main", ["en/*.parquet"])

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(fetch, range(4)))
    assert len(hub.asked("/resolve/")) == 3
    assert len(hub.asked("/api/")) == 1


def test_the_record_leads_back_to_the_files(hub, cache, tmp_path):
    request = {"repo": REPO, "revision": "main", "files": ["en/train-*.parquet"]}
    manifest = tmp_path / "train.json"
    fetch_data({"requests": [request]}, cache.folder, manifest)
    [found] = downloaded_files(manifest)
    assert [file.read_bytes() for file in found.files] == [
        CONTENT[FILE],
        CONTENT["en/train-00001-of-00002.parquet"],
    ]
    assert found.facts == {"repo": REPO, "revision": "main", "commit": COMMIT}
    found.files[0].write_bytes(b"other")
    with pytest.raises(UserError, match=r"changed since it was downloaded. Delete .*train\.json"):
        downloaded_files(manifest)
    with contextlib.suppress(FileNotFoundError):
        found.files[0].unlink()
    with pytest.raises(UserError, match="gone after it was downloaded"):
        downloaded_files(manifest)


def test_equal_file_names_stay_apart_in_an_identity():
    files = ["m/en/0000.parquet", "m/de/0000.parquet", "m/en/0000.parquet"]
    assert input_names(files) == {"0000.parquet": files[0], "de/0000.parquet": files[1]}
