"""Numbers of examples other than those of a release: a remark in manifest, plan and legend."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from test_config import grid_of

from xstilts.data.row_counts import row_count_facts, summarised
from xstilts.files import read_json
from xstilts.grid import identities
from xstilts.jobs.data import prepare_data
from xstilts.jobs.tables import study_header
from xstilts.plan.data import row_counts
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from pathlib import Path

STUDY = """\
study: counted
source: original
data_root: data
seeds: [1]
bases: {mini: {hub: me/model}}
strategies: {none: []}
targets: {xnli: {languages: [de, sw], train: xnli@en}}
recipes: {all: {selection: last}}
"""


@pytest.mark.parametrize(
    ("task", "language", "split", "source", "facts", "expected", "remark"),
    [
        ("mnli", "en", "train", {}, {"rows": 392_702}, 392_702, None),
        ("mnli", "en", "train", {}, {"rows": 3_000}, 392_702, "mnli (train) in en: 3,000 of "
         "392,702 examples (a part of the release, or another version)"),
        ("anli_plus", "en", "train", {}, {"rows": 1_104_934}, 1_104_934, None),
        ("tatoeba", "de", "test", {}, {"rows": 2_000, "queries": 1_000}, 1_000, None),
        ("qqp", "en", "train", {}, {"rows": 404_287}, 363_846, "Quora's own file has all pairs"),
        ("qqp", "en", "train", {"hub": "nyu-mll/glue"}, {"rows": 5}, 363_846, "a part of the "
         "release"),
        ("udpos", "en", "test", {"hub": "google/xtreme"}, {"rows": 5}, 5_440, "multiword tokens"),
        ("panx", "de", "test", {}, {"rows": 500}, [100, 10_000], None),
        ("panx", "de", "test", {}, {"rows": 50}, [100, 10_000], "50 of 100 to 10,000 examples"),
        ("xnli", "de", "test", {"microworld": "nli"}, {"rows": 5}, None, None),
        ("xnli", "fo", "test", {}, {"rows": 5}, None, None),
        ("bucc2018", "de", "test", {}, {"rows": 5}, None, None),
    ],
)  # fmt: skip
def test_expectations(task, language, split, source, facts, expected, remark):
    found = row_count_facts(TASKS[task], language, split, source, facts)
    assert found.get("expected_rows") == expected
    assert (remark is None) == ("remark" not in found)
    assert remark is None or remark in found["remark"]


def test_a_part_of_a_release_is_a_remark_everywhere_and_changes_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    from pathlib import Path

    for name in ("dev-de", "test-de.labelled", "test-sw.labelled", "dev-en"):
        file = tmp_path / f"data/xnli/{name}.tsv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("A dog.\tAn animal.\tentailment\n" * 3)
    (tmp_path / "data/mnli").mkdir()
    header = "premise\thypo\tlabel\n"
    train = tmp_path / "data/mnli/multinli.train.en.tsv"
    train.write_text(header + "A dog.\tAn animal.\tentailment\n" * 4)
    grid = grid_of(tmp_path, STUDY.replace("xnli@en", "mnli"))
    assert row_counts(grid) == []
    contents: dict[str, Any] = {}
    caplog.set_level(logging.WARNING)
    for task, language, split in [
        ("xnli", "de", "test"),
        ("xnli", "sw", "test"),
        ("mnli", "en", "train"),
    ]:
        manifest = Path(grid.paths.data(task, language, split))
        manifest.parent.mkdir(parents=True, exist_ok=True)
        files = [Path(name) for name in identities.data_files(grid, task, language, split)]
        identity = identities.data(grid, task, language, split)
        made = prepare_data(identity, files, manifest.with_suffix(".parquet"), manifest)
        contents[f"{task}@{language}"] = made
        assert "expected_rows" not in read_json(manifest)["identity"]
    facts = contents["mnli@en"].facts
    assert (facts["rows"], facts["expected_rows"]) == (4, 392_702)
    assert facts["remark"] in caplog.text
    expected = [
        "mnli (train, en): 4 of 392,702 examples (a part of the release, or another version)",
        "xnli (test, de sw): 3 of 5,010 examples (a part of the release, or another version)",
    ]
    assert row_counts(grid) == expected
    [legend] = [text for text in study_header(grid).details if "published" in text]
    assert legend == f"Numbers of examples other than the published ones: {'; '.join(expected)}."
    # a digest is of the examples only
    assert contents["xnli@de"].content == contents["xnli@sw"].content


def test_manifests_of_earlier_versions_have_no_remark():
    assert summarised([("xnli", "de", "test", {"rows": 3})]) == []
