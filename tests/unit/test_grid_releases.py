"""Studies on releases by URL: what is found out before any job exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from test_config import grid_of

from xstilts.errors import UserError
from xstilts.grid import identities
from xstilts.plan.data import data_report, missing, unverified_downloads
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from pathlib import Path

STUDY = """\
study: tiny
source: url
seeds: [1]
bases:
  mini: {hub: owner/model}
strategies:
  none: []
  both: [anli_plus]
targets:
  xnli: {languages: [en, de]}
  udpos: {languages: [de, wo]}
"""


def test_requests_name_the_archives_and_their_members(tmp_path: Path) -> None:
    grid = grid_of(tmp_path, STUDY)
    [request] = identities.download(grid, "xnli", "de", "test")["requests"]
    [archive] = request["archives"]
    assert archive["url"].endswith("/XNLI-1.0.zip")
    assert "XNLI-1.0/xnli.test.tsv" in archive["members"]
    identity = identities.data(grid, "xnli", "de", "test")
    assert identity["source"]["releases"][0]["urls"] == [archive["url"]]
    assert identities.data_files(grid, "xnli", "de", "test") == [
        "results/tiny/downloads/xnli/de/test.json"
    ]


def test_a_concatenation_is_downloaded_part_by_part(tmp_path: Path) -> None:
    grid = grid_of(tmp_path, STUDY)
    requests = identities.download(grid, "anli_plus", "en", "train")["requests"]
    names = [request["archives"][0]["url"].rpartition("/")[2] for request in requests]
    assert names == ["multinli_1.0.zip", "snli_1.0.zip", "anli_v1.0.zip"]


def test_a_mirror_is_no_part_of_an_identity(tmp_path: Path) -> None:
    mirrored = 'url_mirrors: {"https://": "http://localhost/"}\nrelease_cache: elsewhere\n'
    plain, moved = grid_of(tmp_path, STUDY), grid_of(tmp_path, STUDY + mirrored)
    for identity in (identities.data, identities.download):
        assert identity(plain, "xnli", "de", "test") == identity(moved, "xnli", "de", "test")


def test_a_study_chooses_a_version(tmp_path: Path) -> None:
    def address(text: str) -> str:
        identity = identities.download(grid_of(tmp_path, text), "udpos", "wo", "test")
        return str(identity["requests"][0]["archives"][0]["url"])

    assert address(STUDY).endswith("v2.7.tgz")
    assert address(f'{STUDY}versions: {{udpos: "2.5"}}\n').endswith("v2.5.tgz")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("xnli: {", "mewslix: {", r"its archive lacks the text of the news: run get-mewsli-x\.sh"),
        ("both: [anli_plus]", "both: [ccg]", r"ccg is not downloaded by URL \(sold by the LDC"),
        ("[de, wo]", "[de, da]", r"'da' is not a known language of udpos \(test\)"),
        ("seeds", "versions: {udpos: '2.8'}\nseeds", r"'2\.8' is not a known version of udpos"),
        ("seeds", "versions: {udpo: '2.7'}\nseeds", "Did you mean 'udpos'"),
        ("seeds", "versions: {ccg: '2.7'}\nseeds", "ccg is not downloaded by URL"),
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_said_at_once(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    with pytest.raises(UserError, match=expected):
        grid_of(tmp_path, STUDY.replace(old, new))


def test_the_plan_has_sizes_and_names_what_nobody_could_confirm(tmp_path: Path) -> None:
    grid = grid_of(tmp_path, STUDY)
    assert unverified_downloads(grid) == []
    assert missing(grid, "xnli", "de", "test") == ""
    sizes = {item["task"]: item["download_bytes"] for item in data_report(grid)}
    assert sizes["anli_plus"] == 226_850_426 + 94_550_081 + 18_708_061
    grid = grid_of(tmp_path, STUDY.replace("[anli_plus]", "[wikipedia_pairs]"))
    [archive] = TASKS["wikipedia_pairs"].release.files["train"]  # type: ignore[union-attr]
    [text] = unverified_downloads(grid)
    assert f"wikipedia_pairs, {archive.url}: the names of the members" in text
