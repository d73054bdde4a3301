"""Downloads of releases by URL from a local server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import xstilts.retries
from release_server import Site, serving, zipped
from xstilts.data.release_cache import ReleaseCache, fetch_release

if TYPE_CHECKING:
    from collections.abc import Iterator

ARCHIVE = "example.org/data/nli.zip"
MEMBERS = {"nli/de.tsv": b"a\tb\n" * 50_000, "nli/en.tsv": b"c\n", "nli/readme": b"r"}
REQUEST = {
    "archives": [
        {
            "url": f"https://{ARCHIVE}",
            "into": "",
            "members": ["nli/*.tsv"],
            "strip": 0,
            "sha256": "",
            "size": 0,
        }
    ],
    "files": ["nli/de.tsv"],
}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(xstilts.retries, "WAITS", (0.0, 0.0))
    with serving(Site({ARCHIVE: zipped(MEMBERS)})) as served:
        yield served


def test_needed_members_are_unpacked_once(site, tmp_path):
    cache = ReleaseCache(tmp_path, site.mirrors)
    fetched = fetch_release(REQUEST, cache, lambda _: None)
    assert fetch_release(REQUEST, cache, lambda _: None) == fetched
    assert len(site.asked) == 1
    [file] = fetched.files
    assert (tmp_path / file).read_bytes() == MEMBERS["nli/de.tsv"]
    unpacked = {path.name for path in (tmp_path / file).parent.iterdir()}
    assert unpacked == {"de.tsv", "en.tsv"}
