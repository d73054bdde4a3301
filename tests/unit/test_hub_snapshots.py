"""Real downloads from a local server with the API of the hub."""

from __future__ import annotations

import concurrent.futures
import errno
import hashlib
import io
import json
import os
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from huggingface_hub import constants, file_download
from published_models import published_model
from untrusted_folder import change, with_code

import xstilts.retries
from hub_server import COMMIT, Hub, serving
from xstilts.data.downloads import Fetched, fetch
from xstilts.data.release_cache import ReleaseCache
from xstilts.errors import UserError
from xstilts.hub import OTHER_FORMATS, Repository, snapshot
from xstilts.jobs.base import import_base
from xstilts.jobs.download import downloaded_files, fetch_data
from xstilts.manifest import write_values
from xstilts.paths import input_names

REPO = "owner/nli"
FILE = "en/train-00000-of-00002.parquet"
CONTENT = {
    FILE: os.urandom(300_000),
    "en/train-00001-of-00002.parquet": b"second shard",
    "en/test-00000-of-00001.parquet": b"test",
    "README.md": b"# A data set\n",
}


def point_to(url: str, monkeypatch) -> None:
    """Have the effect of HF_ENDPOINT, after the hub's library was imported."""
    monkeypatch.setattr(constants, "ENDPOINT", url)
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setattr(xstilts.retries, "WAITS", (0.0, 0.0))
    # the library has waits of its own
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    served = Hub()
    served.files[REPO] = dict(CONTENT)
    with serving(served):
        point_to(served.url, monkeypatch)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        yield served


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "hub"


def fails(cache: Path, *patterns: str, repo: str = REPO, revision: str = "main") -> str:
    with pytest.raises(UserError) as caught:
        fetch(repo, revision, patterns or (FILE,), cache)
    return str(caught.value)


def contents(fetched: Fetched) -> dict[str, bytes]:
    return {path: (fetched.folder / path).read_bytes() for path in fetched.files}


def left_over(cache: Path) -> list[str]:
    return [path.name for path in cache.rglob("*.incomplete")]


def got(hub: Hub) -> list[tuple[str, str | None]]:
    """Path and Range of the requested contents."""
    return [(path, asked) for verb, path, asked in hub.asked("/resolve/") if verb == "GET"]


def test_files_are_downloaded_with_commit_and_checksum(hub, cache):
    fetched = fetch(REPO, "main", ["none/*.parquet", "en/train-*.parquet"], cache)
    assert fetched.commit == COMMIT
    assert fetched.folder.is_relative_to(cache)
    paths = [FILE, "en/train-00001-of-00002.parquet"]
    assert fetched.files == {path: hashlib.sha256(CONTENT[path]).hexdigest() for path in paths}
    assert contents(fetched) == {path: CONTENT[path] for path in paths}
    assert not left_over(cache)
    assert not hub.asked("en/test")


def test_cached_files_need_no_network(hub, cache, monkeypatch):
    first = fetch(REPO, "main", [FILE, "README.md"], cache)
    fetch(REPO, "main", ["README.md"], cache)
    hub.requests.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert fetch(REPO, "main", [FILE], cache) == first
    assert fetch(REPO, COMMIT, ["README.md"], cache).commit == COMMIT
    message = fails(cache, "en/test-*.parquet")
    assert f"not in {cache}, and HF_HUB_OFFLINE forbids the network" in message
    assert hub.requests == []


def test_a_branch_is_resolved_once_for_all_languages(hub, cache):
    hub.branches["refs/convert/parquet"] = COMMIT
    fetch(REPO, "refs/convert/parquet", [FILE], cache)
    fetch(REPO, "refs/convert/parquet", ["en/test-*.parquet"], cache)
    assert [path for _, path, _ in hub.asked("/revision/")] == [
        f"/api/datasets/{REPO}/revision/refs/convert/parquet"
    ]


@pytest.mark.parametrize("key", [REPO, FILE], ids=["commit", "file"])
def test_requests_to_an_overloaded_server_are_retried(hub, cache, key):
    hub.faults[key] = [503, 429] if key == REPO else [503, 500]
    assert contents(fetch(REPO, "main", [FILE], cache)) == {FILE: CONTENT[FILE]}


def test_a_server_that_stays_overloaded_is_one_error(hub, cache):
    hub.faults[FILE] = [503] * 9
    message = fails(cache)
    assert f"{REPO}, revision {COMMIT}: 3 attempts at {hub.url} failed" in message
    assert f"HTTP status 503 for /datasets/{REPO}/resolve/{COMMIT}/{FILE}" in message
    assert "source: mirror" in message
    assert len(got(hub)) == 3


def test_an_interrupted_transfer_resumes(hub, cache, monkeypatch):
    # the hub's library writes in steps of 10 MB; the file of the test is smaller
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 40_000)
    hub.faults[FILE] = ["cut"]
    assert contents(fetch(REPO, "main", [FILE], cache)) == {FILE: CONTENT[FILE]}
    assert [asked for _, asked in got(hub)] == [None, "bytes=120000-"]


def test_a_job_downloads_only_missing_files(hub, cache):
    hub.faults["en/train-00001-of-00002.parquet"] = [404]
    fails(cache, "en/train-*.parquet")
    assert not left_over(cache)
    hub.requests.clear()
    fetch(REPO, "main", ["en/train-*.parquet"], cache)
    assert [path.rpartition("/")[2] for path, _ in got(hub)] == ["train-00001-of-00002.parquet"]


@pytest.mark.parametrize("path", [FILE, "README.md"], ids=["large file", "git file"])
def test_damage_in_transfer_is_noticed(hub, cache, path):
    hub.faults[path] = ["damaged"]
    assert contents(fetch(REPO, "main", [path], cache)) == {path: CONTENT[path]}
    hub.faults[path] = ["damaged"] * 9
    message = fails(cache / "other", path)
    assert f"{path}: checksum mismatch: the hub lists" in message
    assert "3 attempts at" in message
    assert not [file for file in (cache / "other").rglob(Path(path).name) if file.is_file()]


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
@pytest.mark.parametrize("path", [FILE, "README.md"], ids=["large file", "git file"])
def test_damage_on_disk_is_noticed(hub, cache, path, links, monkeypatch):
    if not links:
        monkeypatch.setattr(file_download, "are_symlinks_supported", lambda *_: False)
    file = fetch(REPO, "main", [path], cache).folder / path
    file.write_bytes(b"something else")
    hub.requests.clear()
    fetch(REPO, "main", [path], cache)
    assert len(got(hub)) == 1
    assert file.read_bytes() == CONTENT[path]


def test_no_such_file_names_the_nearest(hub, cache):
    message = fails(cache, "en/dev-*.parquet", "en/test-*.parqet")
    assert "Tried, in this order: en/dev-*.parquet, en/test-*.parqet." in message
    assert "Nearest file: en/t" in message
    assert f"revisions: {{{REPO}: COMMIT}}" in message


def test_a_file_that_is_listed_but_gone(hub, cache):
    hub.faults[FILE] = [404]
    message = fails(cache)
    assert f"{REPO}, revision {COMMIT} (/datasets/{REPO}/resolve/{COMMIT}/{FILE})" in message
    assert "no such file (HTTP status 404)" in message
    assert len(got(hub)) == 1


def test_no_such_repository(hub, cache):
    message = fails(cache, repo="owner/nlli")
    assert "no such repository, or a private or gated one (HTTP status 404)" in message
    assert f"{hub.url}/datasets/owner/nlli" in message
    assert "not a valid repository name" in fails(cache, repo="owner/nli/en")


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
    assert f"not in {cache}, and HF_HUB_OFFLINE forbids the network" in message
    assert hub.requests == []


def test_no_server_is_one_error(hub, cache, monkeypatch):
    with serving(Hub()) as gone:
        pass
    point_to(gone.url, monkeypatch)
    message = fails(cache)
    assert f"3 attempts at {gone.url} failed" in message
    assert "Check the connection" in message


def test_a_full_disk_is_one_error(hub, cache, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "move", full)
        patched.setattr(os, "replace", full)
        message = fails(cache)
    assert f"no space left in {cache}" in message
    assert "hub_cache" in message


def test_a_download_that_does_not_fit_is_not_started(hub, cache, monkeypatch):
    listing = hub.listing(REPO)
    listing[0]["size"] = 1 << 60
    monkeypatch.setattr(hub, "listing", lambda repo: listing)
    assert "MB are still to be downloaded" in fails(cache)
    assert not hub.asked("/resolve/")


def test_jobs_at_the_same_time_download_once(hub, cache):
    def load(_: int) -> None:
        fetch(REPO, "main", ["en/*.parquet"], cache)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(load, range(4)))
    assert Counter(path for path, _ in got(hub)).most_common(1)[0][1] == 1
    assert len(got(hub)) == 3
    assert len(hub.asked("/revision/")) == 1


def test_the_manifest_identifies_the_files(hub, cache, tmp_path):
    request = {"repo": REPO, "revision": "main", "files": ["en/train-*.parquet"]}
    manifest = tmp_path / "train.json"
    fetch_data({"requests": [request]}, cache, manifest, ReleaseCache(tmp_path))
    [found] = downloaded_files(manifest)
    assert [file.read_bytes() for file in found.files] == [
        CONTENT[FILE],
        CONTENT["en/train-00001-of-00002.parquet"],
    ]
    assert found.facts == {"repo": REPO, "revision": "main", "commit": COMMIT}
    found.files[0].write_bytes(b"other")
    with pytest.raises(UserError, match=r"changed since it was downloaded. Delete .*train\.json"):
        downloaded_files(manifest)
    found.files[0].unlink()
    with pytest.raises(UserError, match="missing since it was downloaded"):
        downloaded_files(manifest)
    values = json.loads(manifest.read_text().replace('"folder"', '"place"'))
    write_values(manifest, values)
    with pytest.raises(UserError, match=r"train\.json: written by an earlier version.* Delete it"):
        downloaded_files(manifest)


def test_a_model_is_downloaded_without_formats_of_other_libraries(hub, cache):
    hub.files[REPO] = {"config.json": b"{}", "tf_model.h5": b"tf", "onnx/model.onnx": b"onnx"}
    folder = snapshot(Repository(name=REPO, cache=cache), ignore=OTHER_FORMATS)
    assert [path.name for path in folder.rglob("*")] == ["config.json"]
    assert hub.asked(f"/api/models/{REPO}/revision/main")


def test_an_unavailable_base_model_is_one_error(hub, cache, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    identity = {"path": None, "hub": "owner/xlm", "revision": None}
    with pytest.raises(UserError) as caught:
        import_base(identity, tokenizer=tmp_path / "t/t.json", model=tmp_path / "m/m.json")
    assert f"Look at {hub.url}/owner/xlm;" in str(caught.value)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="name the folder of a copy with the key `path`"):
        import_base(identity, tokenizer=tmp_path / "t/t.json", model=tmp_path / "m/m.json")


@pytest.mark.parametrize("kind", ["mine", "mt5"])
def test_code_of_a_repository_never_runs(hub, cache, tmp_path, monkeypatch, kind):
    folder = published_model("mt5", tmp_path / "published")
    marker = with_code(folder)
    change(folder / "config.json", model_type=kind)
    hub.add("owner/mine", folder)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n" * 20))
    identity = {"path": None, "hub": "owner/mine", "revision": None}
    out = {"tokenizer": tmp_path / "t/manifest.json", "model": tmp_path / "m/manifest.json"}
    if kind == "mine":
        with pytest.raises(
            UserError, match=r"config\.json: this model needs Python code of its own"
        ):
            import_base(identity, **out)
    else:
        # transformers knows the type: its own class is used
        import_base(identity, **out)
        assert out["model"].is_file()
    assert not marker.exists()


def test_a_link_out_of_the_cache_is_replaced(hub, cache, tmp_path):
    folder = fetch(REPO, "main", [FILE], cache).folder
    precious = tmp_path / "precious"
    precious.write_bytes(b"of this user")
    (folder / FILE).unlink()
    (folder / FILE).symlink_to(precious)
    assert contents(fetch(REPO, "main", [FILE], cache)) == {FILE: CONTENT[FILE]}
    assert precious.read_bytes() == b"of this user"
    # a link in the place of a folder is not followed either
    elsewhere = tmp_path / "elsewhere"
    (folder / FILE).parent.rename(elsewhere)
    (folder / FILE).parent.symlink_to(elsewhere)
    assert "a link out of the download cache. Delete it" in fails(cache)
    assert elsewhere.is_dir()


def test_equal_file_names_are_distinct_in_an_identity():
    files = ["m/en/0000.parquet", "m/de/0000.parquet", "m/en/0000.parquet"]
    assert input_names(files) == {"0000.parquet": files[0], "de/0000.parquet": files[1]}
