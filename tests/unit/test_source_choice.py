"""``source: auto``: where the examples of each data set come from, and that it stays so."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

import hub_files
from release_files import write_release_files
from xstilts.data.file_patterns import filled
from xstilts.data.sources import original_files
from xstilts.errors import UserError
from xstilts.grid import Grid, identities
from xstilts.grid.source_choice import source_of
from xstilts.grid.source_report import mixed, source_lines, sources_of
from xstilts.jobs.data import prepare_data
from xstilts.manifest import read_manifest, write_manifest
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from pathlib import Path

    from xstilts.manifest import Manifest

STUDY = """\
study: tiny
seeds: [1]
bases: {large: {hub: some/model}}
strategies: {none: [], mnli: [mnli], anli_plus: [anli_plus]}
targets:
  xnli: {languages: [de, en]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, without a network."""

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def grid(folder: Path, more: str = "", text: str = STUDY) -> Grid:
    (folder / "study.yaml").write_text(text + more)
    return Grid.load(None, [folder / "study.yaml"])


def source(found: Grid, task: str, language: str = "en", split: Any = "train") -> str:
    return sources_of(found, task, language, split)


def mirror(folder: Path, *sets: tuple[str, str, Any]) -> None:
    """Copy release files of data sets to a mirror of the hub."""
    write_release_files(folder / "all")
    for task, language, split in sets:
        spec = TASKS[task]
        assert spec.hub is not None
        pattern = filled(spec.hub.files[split], language, spec.hub.codes)[0]
        files = original_files(spec, folder / "all", language, split)
        file = folder / "mirror" / spec.hub.repo / pattern.replace("*", "0-of-1")
        hub_files.render(task, files, file)


def prepare(found: Grid, task: str, language: str, split: Any) -> Manifest:
    """Read a data set from local files as its job does."""
    from pathlib import Path

    manifest = Path(found.paths.data(task, language, split))
    files = [Path(file) for file in identities.data_files(found, task, language, split)]
    identity = identities.data(found, task, language, split)
    return prepare_data(identity, files, manifest.with_suffix(".parquet"), manifest)


def test_the_first_source_that_has_the_examples_is_taken(folder):
    assert source(grid(folder), "mnli") == "hub"
    mirror(folder, ("mnli", "en", "train"))
    with_mirror = grid(folder, "mirror: mirror\n")
    assert (source(with_mirror, "mnli"), source(with_mirror, "xnli", "de", "test")) == (
        "mirror",
        "hub",
    )
    (folder / "data/xnli").mkdir(parents=True)
    (folder / "all/xnli/test-de.labelled.tsv").rename(folder / "data/xnli/test-de.labelled.tsv")
    both = grid(folder, "mirror: mirror\ndata_root: data\n")
    assert source(both, "xnli", "de", "test") == "original"
    # one language has release files: a remark, since the languages come from different copies
    assert list(mixed(both)) == ["xnli (test) mixes sources: original de; hub en"]
    lines = list(source_lines(both))
    assert lines == [
        "hub: anli_plus validation, mnli validation, xnli test",
        "mirror: mnli train",
        "mnli mirror, snli hub, anli hub: anli_plus train",
        "original: xnli test",
    ]


def test_a_copy_with_other_examples_is_not_taken(folder):
    found = grid(folder, text=STUDY.replace("xnli: {languages: [de, en]}", "xquad: {}"))
    assert source(found, "xquad", "de", "test") == "url"
    named = grid(folder, "sources: {xquad: hub}\n", STUDY.replace("xnli: {", "xquad: {"))
    assert source(named, "xquad", "de", "test") == "hub"
    assert source_of(found.study, TASKS["tatoeba"], "de", "test") == "hub"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            "sources: {xnly: hub}",
            r"study\.yaml:7: sources\.xnly: 'xnly' is not a known task.*'xnli'",
        ),
        ("sources: {xnli: hubb}", r"sources\.xnli: 'hubb' is not accepted\. Did you mean 'hub'"),
        ("sources: {xnli: original}", r"sources\.xnli: source 'original' needs data_root"),
        ("source: autoo", "'autoo' is not accepted. Did you mean 'auto'"),
        ("data_root: nowhere", "study.yaml:7: data_root: no such folder: nowhere"),
        ("mirror: nowhere", "study.yaml:7: mirror: no such folder: nowhere"),
    ],
)
def test_sources_that_do_not_exist(folder, more, message):
    with pytest.raises(UserError, match=message):
        grid(folder, f"{more}\n")


def test_the_microworld_has_one_source(folder):
    with pytest.raises(UserError, match="sources: the microworld generates all data"):
        grid(folder, "sources: {xnli: hub}\nsource: microworld\nsource_language: qaa\n")


def test_the_source_stays_when_a_file_appears_later(folder):
    (folder / "data").mkdir()
    first = grid(folder, "data_root: data\n")
    declared = identities.data(first, "xnli", "de", "test")
    identity = {"declared": declared, "inputs": {}}
    manifest = folder / first.paths.data("xnli", "de", "test")
    write_manifest(manifest, identity, files={}, facts={"sources": {"xnli": "hub"}})
    write_release_files(folder / "data")
    later = grid(folder, "data_root: data\n")
    assert identities.data(later, "xnli", "de", "test") == declared
    assert source(later, "xnli", "en", "test") == "original"
    # what the study names decides
    forced = grid(folder, "data_root: data\nsources: {xnli: original}\n")
    assert source(forced, "xnli", "de", "test") == "original"
    # a recorded source that is gone is replaced, and so is one whose examples differ
    for task, recorded in (("xnli", "mirror"), ("xquad", "hub")):
        manifest = folder / later.paths.data(task, "de", "test")
        write_manifest(manifest, {}, files={}, facts={"sources": {task: recorded}})
        assert source_of(later.study, TASKS[task], "de", "test") == "original"


def test_a_damaged_manifest_decides_nothing(folder):
    manifest = folder / "results/tiny/data/xnli/de/test.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text('{"facts": ')
    assert source(grid(folder), "xnli", "de", "test") == "hub"


def test_a_composite_task_has_equal_content_from_any_mixture_of_sources(folder):
    write_release_files(folder / "data")
    row = {"label": "neutral", "sentence1": "a", "sentence2": "b", "gold_label": "neutral"}
    row |= {"context": "a", "hypothesis": "b"}
    files = ["snli/snli_1.0_train.jsonl", *(f"anli/R{number}/train.jsonl" for number in "123")]
    for name in files:
        (folder / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "data" / name).write_text(f"{json.dumps(row)}\n" * 2)
    whole = grid(folder, "data_root: data\nsources: {anli_plus: auto}\n")
    names = ("mnli", "snli", "anli")
    assert source(whole, "anli_plus") == "original"
    original = prepare(whole, "anli_plus", "en", "train")
    assert original.facts["sources"] == {"anli_plus": "original"}
    # it stays a whole, although a mirror has a part of it now
    mirror(folder, ("mnli", "en", "train"), ("mnli", "en", "validation"))
    assert source(grid(folder, "mirror: mirror\ndata_root: data\n"), "anli_plus") == "original"
    half = grid(folder, "data_root: data\nmirror: mirror\nsources: {mnli: mirror}\n")
    assert source(half, "anli_plus") == "mnli mirror, snli original, anli original"
    mixture = prepare(half, "anli_plus", "en", "train")
    # the content is what the identities of tokens and models have: nothing is trained again
    assert mixture.content == original.content
    assert mixture.facts["sources"] == {"mnli": "mirror", "snli": "original", "anli": "original"}
    read = read_manifest(folder / half.paths.data("anli_plus", "en", "train"))
    assert [part["task"] for part in read.identity["declared"]["source"]["parts"]] == list(names)


def test_parts_from_several_repositories_are_one_download(folder):
    found = grid(folder)
    wanted = identities.download(found, "anli_plus", "en", "train")["requests"]
    assert [request["repo"] for request in wanted] == [
        TASKS[name].hub.repo for name in ("mnli", "snli", "anli")
    ]
    assert identities.data_files(found, "anli_plus", "en", "train") == [
        "results/tiny/downloads/anli_plus/en/train.json"
    ]


def test_answer_sentences_are_the_same_from_the_hubs_squad(folder):
    write_release_files(folder / "data")
    text = STUDY.replace("anli_plus: [anli_plus]", "pairs: [squad_pairs]")
    original = prepare(grid(folder, "data_root: data\n", text), "squad_pairs", "en", "train")
    mirror(folder, ("squad_v1", "en", "train"))
    (folder / "results/tiny/data/squad_pairs/en/train.json").unlink()
    copy = prepare(grid(folder, "mirror: mirror\n", text), "squad_pairs", "en", "train")
    assert copy.facts["sources"] == {"squad_pairs": "mirror"}
    assert copy.content == original.content


def test_text_of_the_hub_is_read_from_a_mirror_that_has_it(folder):
    text = "text: [{hub: a/wiki, files: '{language}/*.parquet', languages: [de], limit: 9}]\n"
    stage = STUDY.replace("mnli: [mnli]", "mlm: [mlm@de]")
    (folder / "mirror").mkdir()
    more = f"{text}mirror: mirror\n"
    assert source(grid(folder, more, stage), "mlm", "de") == "hub a/wiki"
    hub_files.write_parquet(folder / "mirror/a/wiki/de/0.parquet", [{"text": "Ja."}])
    assert source(grid(folder, more, stage), "mlm", "de") == "files"
    manifest = folder / "results/tiny/data/mlm/de/train.json"
    write_manifest(manifest, {}, files={}, facts={"sources": {"a/wiki": "hub"}})
    assert source(grid(folder, more, stage), "mlm", "de") == "hub a/wiki"


def test_what_no_source_has_is_named_with_what_was_tried(folder):
    text = STUDY.replace("anli_plus: [anli_plus]", "ccg: [ccg]")
    with pytest.raises(UserError) as caught:
        grid(folder, text=text)
    message = str(caught.value)
    assert message.startswith(
        f"{folder}/study.yaml:4: strategies.ccg[0]: no source has ccg (train) in 'en'"
    )
    assert "sold by the LDC" in message
    assert "data_root is not set, mirror is not set, not on the hub, no download by URL" in message
    assert "`when_missing: skip`" in message
