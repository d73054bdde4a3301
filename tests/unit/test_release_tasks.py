"""The release entry of every task, on a server with the official layouts."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from engine_world import SHARED, needs_shared

from release_layouts import ARCHIVES, PANX, packed, site_files
from release_server import Site, serving
from xstilts.data.file_patterns import fits
from xstilts.data.prepare import write_examples
from xstilts.data.release_cache import ReleaseCache, fetch_release
from xstilts.data.release_requests import (
    release_archives,
    release_languages,
    release_requests,
)
from xstilts.data.sources import original_files
from xstilts.errors import UserError
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xstilts.kinds import Row, Split
    from xstilts.tasks.base import Archive, Task

RELEASED = {name: task for name, task in TASKS.items() if task.release or task.parts}
SETS = [
    (name, split)
    for name, task in RELEASED.items()
    for split in task.files
    if release_languages(task, split)
]
WITHOUT = {"ccg", "mewslix", "mlm", "tlm"}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReleaseCache]:
    with serving(Site(site_files(TASKS["panx"].languages))) as site:
        yield ReleaseCache(tmp_path_factory.mktemp("releases"), site.mirrors)


def requests_of(task: str, language: str, split: Split) -> list[dict]:
    """The requests of a data set, without the checksums of the real archives."""
    found = release_requests(TASKS[task], language, split, "source")
    for request in found:
        request["archives"] = [item | {"sha256": "", "size": 0} for item in request["archives"]]
    return found


def test_every_task_has_a_release_or_a_reason():
    assert {name for name, task in TASKS.items() if not task.parts} - {
        name for name, _ in SETS
    } == WITHOUT
    with pytest.raises(UserError, match=r"ccg is not downloaded by URL \(sold by the LDC"):
        release_requests(TASKS["ccg"], "en", "train", "source")
    with pytest.raises(UserError, match=r"mewslix \(test\) is not .*: its archive lacks the text"):
        release_requests(TASKS["mewslix"], "de", "test", "source")


@pytest.mark.parametrize(("task", "split"), SETS)
def test_the_files_of_a_release_have_names_of_the_task(cache, task, split):
    spec = TASKS[task]
    for language in release_languages(spec, split)[:: 1 if task == "udpos" else 9]:
        requests = requests_of(task, language, split)
        for part, request in zip(spec.parts or (spec,), requests, strict=True):
            fetched = fetch_release(request, cache, lambda _: None)
            assert fetched.files
            patterns = [p for item in request["files"] for p in item.split(" + ")]
            for file in fetched.files:
                name = file.partition("/")[2]
                assert any(fits(name, pattern) for pattern in patterns), (part.name, name)


def test_releases_cover_all_languages_and_splits():
    for name, split in SETS:
        task = TASKS[name]
        known = {code for code in task.languages if split in task.splits(code)}
        assert set(release_languages(task, split)) == known, (name, split)


def test_only_needed_members_are_unpacked(cache):
    [request] = requests_of("xnli", "de", "test")
    fetched = fetch_release(request, cache, lambda _: None)
    folder = cache.folder / next(iter(fetched.files)).partition("/")[0]
    unpacked = {path.name for path in folder.rglob("*") if path.is_file()}
    assert unpacked == {"xnli.dev.tsv", "xnli.test.tsv"}


def test_all_treebanks_of_a_language_are_read_in_the_order_of_their_names(cache):
    [request] = requests_of("udpos", "en", "test")
    fetched = fetch_release(request, cache, lambda _: None)
    assert [Path(file).name for file in fetched.files] == [
        "en_ewt-ud-test.conllu",
        "en_gum-ud-test.conllu",
    ]


def test_the_version_of_universal_dependencies_can_be_chosen():
    task = TASKS["udpos"]
    [german], [polish] = (release_archives(task, code, "test") for code in ("de", "pl"))
    assert ("v2.5" in german.url, "v2.7" in polish.url) == (True, True)
    for version in ("2.5", "2.7", "2.14"):
        for code in ("de", "pl"):
            [archive] = release_archives(task, code, "test", version)
            assert archive.url.endswith(f"ud-treebanks-v{version}.tgz")
    with pytest.raises(UserError, match=r"'2\.8' is not a known version of udpos"):
        release_requests(task, "de", "test", "versions.udpos", "2.8")


def test_entries_are_complete_and_one_address_has_one_entry():
    found = {}
    for name, split in SETS:
        for language in TASKS[name].languages:
            for archive in release_archives(TASKS[name], language, split):
                assert archive.seen
                assert archive.url.startswith("https://")
                assert len(archive.sha256) in (0, 64)
                known = archive.url.removeprefix("https://") in {*ARCHIVES, PANX}
                assert bool(archive.members) == known
                plain = replace(archive, languages=())
                assert found.setdefault(archive.url, plain) == plain


def released(task: str, language: str, split: Split) -> tuple[list[Path], list[bytes]]:
    """The files at hand of a data set, and the content of those of its release.

    Formats are the same but for XNLI, whose release has all languages in one table, and TyDiQA,
    whose files at hand have one language each.
    """
    if task == "mnli":
        files = [SHARED / "mnli/multinli.train.en.jsonl"]
    else:
        files = original_files(TASKS[task], SHARED, language, split)
    files = sorted(files, key=lambda path: (path.name, path))
    if task == "tydiqa":
        folder = files[0].parent
        texts = [path.read_text(encoding="utf-8") for path in folder.iterdir()]
        data = [article for text in texts for article in json.loads(text)["data"]]
        return files, [json.dumps({"version": "1.1", "data": data}).encode()]
    if task == "xnli":
        columns = "language gold_label b1 b2 p1 p2 sentence1 sentence2 promptID".split()
        table = ["\t".join(columns)]
        for code in ("de", "en"):
            with (SHARED / f"xnli/dev-{code}.tsv").open(encoding="utf-8", newline="") as lines:
                for premise, hypothesis, label in csv.reader(lines, delimiter="\t"):
                    table.append("\t".join([code, label, *"----", premise, hypothesis, "1"]))
        return files, ["\n".join([*table, ""]).encode()]
    return files, [path.read_bytes() for path in files]


def table_row(name: str) -> str:
    """The row of a task in the table of docs/data.md."""
    release = TASKS[name].release
    assert release is not None
    archives = {item.url: item for items in release.files.values() for item in items}
    parts = [urlsplit(url) for url in archives]
    sites = sorted(
        {
            f"github.com{'/'.join(part.path.split('/')[:3])}"
            if part.netloc in ("github.com", "raw.githubusercontent.com")
            else part.netloc
            for part in parts
        }
    )
    names = sorted({Path(part.path).name for part in parts})
    if any(item.unverified for item in archives.values()):
        checked = "not confirmed"
    elif all(re.search("/[0-9a-f]{40}/", url) for url in archives):
        checked = "commit"
    else:
        known = all(item.sha256 for item in archives.values())
        checked = "known" if known else "of the first download"
    files = ", ".join(names if len(names) < 3 else [names[0], "…", names[-1]])
    return f"| {name} | {', '.join(sites)}: {files} | {size_of(archives.values())} | {checked} |"


def size_of(archives: Iterable[Archive]) -> str:
    """The size of archives as text; empty if none is known."""
    sizes = [item.size for item in archives]
    if not any(sizes):
        return ""
    total = sum(sizes)
    text = f"{total / 1e6:,.1f} MB" if total > 1e6 else f"{total / 1e3:.0f} kB"
    return text if all(sizes) else f"over {text}"


def test_the_documentation_lists_every_release():
    page = Path(__file__).parents[2] / "docs/data.md"
    table = page.read_text(encoding="utf-8").partition("| task | release |")[2].partition("\n\n")[0]
    rows = [table_row(name) for name, task in TASKS.items() if task.release and task.release.files]
    assert table.splitlines()[2:] == rows


QUICK = [
    ("xnli", "de", "validation"),
    ("tydiqa", "sw", "test"),
    ("udpos", "fr", "test"),
    ("tatoeba", "sw", "test"),
    ("xcopa", "qu", "test"),
]
LONG = [
    ("mnli", "en", "train"),
    ("squad_v1", "en", "train"),
    ("squad_v2", "en", "validation"),
    ("squad_pairs", "en", "validation"),
    ("xquad", "zh", "test"),
    ("mlqa", "de", "validation"),
    ("snli", "en", "validation"),
    ("anli", "en", "validation"),
    ("masakhaner1", "am", "test"),
    ("masakhaner2", "sw", "train"),
    ("masakhapos", "yo", "test"),
    ("americasnli", "gn", "test"),
    ("hellaswag", "en", "validation"),
    ("cosmosqa", "en", "validation"),
    ("commonsenseqa", "en", "train"),
    ("copa", "en", "train"),
    ("bucc2018", "zh", "validation"),
]


@needs_shared
@pytest.mark.parametrize(
    ("task", "language", "split"),
    [*QUICK, *(pytest.param(*one, marks=pytest.mark.full) for one in LONG)],
)
def test_examples_are_those_of_the_release_files(cache, tmp_path, task, language, split):
    spec = TASKS[task]
    [request] = requests_of(task, language, split)
    files, contents = released(task, language, split)
    names = [name.partition("/")[2] for name in fetch_release(request, cache, lambda _: None).files]
    real = dict(zip(names, contents, strict=True))
    site = Site()
    for archive in request["archives"]:
        address = archive["url"].removeprefix("https://")
        if archive["members"]:
            members = {name: real.get(name, b"x") for name in ARCHIVES[address]}
            site.files[address] = packed(address, members)
        else:
            site.files[address] = real[archive["into"]]
    with serving(site):
        fetched = fetch_release(request, ReleaseCache(tmp_path, site.mirrors), lambda _: None)
    rows = list(spec.read([tmp_path / name for name in fetched.files], language))
    assert digest_of(rows, spec, tmp_path / "url") == digest_of(
        list(spec.read(files, language)), spec, tmp_path / "original"
    )


def digest_of(rows: list[Row], task: Task, out: Path) -> str:
    """The content digest of examples, which is what everything else is made from."""
    facts = write_examples(rows, task.kind, list(task.labels), out, task.name)
    return facts["content"]
