"""Studies that read the hub or a mirror of it: what is found out before any job exists."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import hub_files
from release_files import write_release_files
from xstilts.data.file_patterns import filled
from xstilts.data.sources import original_files
from xstilts.errors import UserError
from xstilts.grid import Grid, identities
from xstilts.grid.products import find_product
from xstilts.identity import differences
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from pathlib import Path

STUDY = """\
study: tiny
source: hub
seeds: [1]
text: [{files: text/de.txt, languages: [de]}]
bases:
  mini:
    pretrain: {vocab_size: 500}
strategies:
  none: []
  mnli: [mnli]
targets:
  xnli: {languages: [en, de]}
  tatoeba: {languages: [de]}
"""
SETS = [
    ("mnli", "en", "train"),
    ("mnli", "en", "validation"),
    ("xnli", "en", "test"),
    ("xnli", "de", "test"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a mirror made of release files, and a text file."""
    write_release_files(tmp_path / "data")
    for task, language, split in [*SETS, ("tatoeba", "de", "test")]:
        spec = TASKS[task]
        assert spec.hub is not None
        path = filled(spec.hub.files[split], language, spec.hub.codes)[0].replace("*", "0-of-1")
        paths = original_files(spec, tmp_path / "data", language, split)
        hub_files.render(task, paths, tmp_path / "mirror" / spec.hub.repo / path)
    (tmp_path / "text").mkdir()
    (tmp_path / "text/de.txt").write_text("Hallo.\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def grid(folder: Path, *changes: tuple[str, str]) -> Grid:
    text = STUDY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "study.yaml").write_text(text)
    return Grid.load(None, [folder / "study.yaml"])


def error(folder: Path, *changes: tuple[str, str]) -> str:
    with pytest.raises(UserError) as caught:
        grid(folder, *changes)
    return str(caught.value).replace(f"{folder}/", "")


MIRROR = ("source: hub", "source: mirror\nmirror: mirror")


def test_the_hub_asks_for_downloads_and_the_mirror_for_files(folder):
    hub, mirror = grid(folder), grid(folder, MIRROR)
    download = "results/tiny/downloads/xnli/de/test.json"
    assert identities.data_files(hub, "xnli", "de", "test") == [download]
    assert identities.download(hub, "xnli", "de", "test") == {
        "requests": [
            {
                "repo": "facebook/xnli",
                "revision": "main",
                "files": ["de/test-*.parquet", "de/test/*.parquet"],
            }
        ]
    }
    file = "mirror/facebook/xnli/de/test-0-of-1.parquet"
    assert identities.data_files(mirror, "xnli", "de", "test") == [file]
    source = identities.data(mirror, "xnli", "de", "test")["source"]
    assert source["files"] == ["de/test-0-of-1.parquet"]
    assert source["read"]["names"] == ["entailment", "neutral", "contradiction"]
    assert find_product(hub, download).declared == identities.download(hub, "xnli", "de", "test")


def test_a_pinned_commit_decides(folder):
    pinned = grid(folder, ("seeds", "revisions: {facebook/xnli: abc}\nseeds"))
    one = identities.data(pinned, "xnli", "de", "test")
    other = identities.data(grid(folder), "xnli", "de", "test")
    assert differences(other, one) == [("source.revision", "main", "abc")]
    assert identities.download(pinned, "xnli", "de", "test")["requests"][0]["revision"] == "abc"
    assert identities.data(pinned, "mnli", "en", "train") == identities.data(
        grid(folder), "mnli", "en", "train"
    )


def test_where_downloads_are_kept_decides_nothing(folder):
    moved = grid(folder, ("seeds", "hub_cache: elsewhere\nseeds"))
    for task, language, split in SETS:
        assert identities.data(moved, task, language, split) == identities.data(
            grid(folder), task, language, split
        )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[en, de]", "[en, xx]", "study.yaml:12: targets.xnli.languages[1]: 'xx' is not a known"),
        ("languages: [de]}\n", "languages: [ro]}\n", "'ro' is not a known language"),
        ("[mnli]", "[mnli@de]", "'de' is not a known language of mnli (train)"),
        (
            "seeds",
            "revisions: {facebook/xnil: a}\nseeds",
            "revisions.facebook/xnil: 'facebook/xnil' is not a known dataset repository of this "
            "study. Did you mean 'facebook/xnli'?",
        ),
        ("seeds", "revisions: {xnli: a}\nseeds", "study.yaml:3: revisions.xnli: "),
        ("source: hub", "source: mirror", "source 'mirror' needs mirror, the folder with"),
    ],
)
def test_what_the_study_alone_shows(folder, old, new, expected):
    assert expected in error(folder, (old, new))


def test_a_mirror_is_looked_at_at_once(folder):
    message = error(folder, ("source: hub", "source: mirror\nmirror: mirrox"))
    assert "no such folder: mirrox. Did you mean mirror?" in message
    (folder / "mirror/facebook/xnli/de/test-0-of-1.parquet").rename(
        folder / "mirror/facebook/xnli/de/tset-0-of-1.parquet"
    )
    message = error(folder, MIRROR)
    assert "study.yaml:13: targets.xnli.languages[1]: no file of xnli (test) in 'de'" in message
    assert "Nearest file: de/tset-0-of-1.parquet." in message


def text(*entries: str) -> tuple[str, str]:
    return "[{files: text/de.txt, languages: [de]}]", f"[{', '.join(entries)}]"


WIKIPEDIA = (
    '{hub: wikimedia/wikipedia, files: "20231101.{language}/train-*.parquet", languages: [de, sw], '
    "limit: 9}"
)


def test_text_from_files_and_from_the_hub(folder):
    hub_files.write_parquet(folder / "text/de/more.parquet", [{"text": "Ja."}])
    files = '{files: "text/{language}/*.parquet", languages: [de]}'
    found = grid(folder, text("{files: text/de.txt, languages: [de]}", WIKIPEDIA, files))
    assert identities.data_files(found, "mlm", "de", "train") == [
        "results/tiny/downloads/mlm/de/train.json",
        "text/de.txt",
        "text/de/more.parquet",
    ]
    request = {
        "repo": "wikimedia/wikipedia",
        "revision": "main",
        "files": ["20231101.de/train-*.parquet"],
    }
    assert identities.download(found, "mlm", "de", "train") == {"requests": [request]}
    assert identities.data(found, "mlm", "de", "train")["source"]["text_of"] == [
        "text/de.txt",
        request | {"column": "text", "limit": 9},
        {"files": ["text/de/more.parquet"], "column": "text", "limit": None},
    ]


def test_text_from_a_mirror(folder):
    file = folder / "mirror/wikimedia/wikipedia/20231101.de/train-00000-of-00001.parquet"
    hub_files.write_parquet(file, [{"text": "Ja."}])
    message = error(folder, MIRROR, text(WIKIPEDIA))
    assert "no file of text in 'sw' under mirror/wikimedia/wikipedia" in message
    found = grid(folder, MIRROR, text(WIKIPEDIA.replace(", sw", "")))
    assert identities.download(found, "mlm", "de", "train") == {"requests": []}
    assert identities.data_files(found, "mlm", "de", "train") == [
        "mirror/wikimedia/wikipedia/20231101.de/train-00000-of-00001.parquet"
    ]


def test_a_part_that_a_mirror_lacks_is_named(folder):
    parts = [f"train-0000{number}-of-00003.parquet" for number in range(3)]
    files = [folder / "mirror/wikimedia/wikipedia/20231101.de" / name for name in parts]
    for file in files:
        hub_files.write_parquet(file, [{"text": "Ja."}])
    entry = WIKIPEDIA.replace(", sw", "")
    found = identities.data_files(grid(folder, MIRROR, text(entry)), "mlm", "de", "train")
    assert [file.rpartition("/")[2] for file in found] == parts
    for lacking in files:
        lacking.rename(folder / "elsewhere")
        message = error(folder, MIRROR, text(entry))
        assert f"20231101.de: incomplete: {lacking.name} missing" in message
        (folder / "elsewhere").rename(lacking)
    files[2].unlink()
    # one part by its name is what was asked for
    one = entry.replace("train-*", "train-00001-of-00003")
    found = identities.data_files(grid(folder, MIRROR, text(one)), "mlm", "de", "train")
    assert [file.rpartition("/")[2] for file in found] == [parts[1]]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{files: text/dee.txt, languages: [de]}", "Nearest file: text/de.txt."),
        ("{task: mnli, limit: 3, languages: [en]}", "hub and limit need files"),
        ("{hub: wikimedia/wikipedia, languages: [en]}", "give exactly one of task, files"),
        ("{hub: wikipedia, files: a, languages: [en]}", "text[0].hub"),
    ],
)
def test_text_that_is_not_there(folder, entry, expected):
    assert expected in error(folder, text(entry))


def test_the_grid_of_a_hub_study_is_light_to_make(folder):
    grid(folder)
    code = """
import json, sys
from xstilts.grid import Grid, identities
grid = Grid.load(None, ["study.yaml"])
for path in grid.training_data() + grid.evaluation_data():
    _, _, _, task, language, split = path.removesuffix(".json").split("/")
    identities.data(grid, task, language, split), identities.data_files(grid, task, language, split)
print(json.dumps(sorted(sys.modules)))
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {"huggingface_hub", "pyarrow", "numpy", "torch", "pandas", "transformers"}


def test_one_of_several_versions_of_the_treebanks_is_read(tmp_path: Path) -> None:
    for version in ("2.14", "2.5", "2.10"):
        for bank in ("gsd", "pud"):
            folder = tmp_path / f"ud-treebanks-v{version}/UD_German-{bank.upper()}"
            folder.mkdir(parents=True)
            (folder / f"de_{bank}-ud-test.conllu").touch()
    found = original_files(TASKS["udpos"], tmp_path, "de", "test")
    assert [path.relative_to(tmp_path).parts[0] for path in found] == ["ud-treebanks-v2.5"] * 2
