"""Original release files and a mirror of the hub give the same examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from engine_world import SHARED, needs_shared

import hub_files
from release_files import write_release_files
from xstilts.data.file_patterns import filled
from xstilts.data.sources import mirror_files, original_files
from xstilts.errors import UserError
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from pathlib import Path

Rows = list[dict[str, Any]]

SMALL = [
    ("mnli", "en", "train"),
    ("mnli", "en", "validation"),
    ("xnli", "de", "train"),
    ("xnli", "de", "validation"),
    ("xnli", "en", "test"),
    ("squad_v1", "en", "train"),
    ("squad_v1", "en", "validation"),
    ("xquad", "en", "test"),
    ("xquad", "de", "test"),
    ("udpos", "en", "train"),
    ("udpos", "en", "test"),
    ("tatoeba", "de", "test"),
]

REAL = [
    ("mnli", "en", "train", 3000),
    ("mnli", "en", "validation", 500),
    *(("xnli", code, "validation", 2490) for code in ("en", "de", "fr", "sw", "ur", "zh")),
    *(("xnli", code, "test", 600) for code in ("en", "de", "fr", "sw", "ur", "zh")),
    ("squad_v1", "en", "train", 3080),
    ("squad_v1", "en", "validation", 1103),
    *(("xquad", code, "test", 1190) for code in TASKS["xquad"].languages),
    ("udpos", "en", "train", 2000),
    ("udpos", "zh", "test", 150),
    ("udpos", "fr", "test", 150),
    ("udpos", "ar", "test", 150),
    *(("tatoeba", code, "test", None) for code in ("de", "sw", "zh", "te")),
    ("squad_v2", "en", "train", 2061),
    *(("mlqa", code, "validation", None) for code in ("en", "de", "zh")),
    *(("tydiqa", code, "test", None) for code in ("en", "sw", "fi", "ko", "bn")),
    ("snli", "en", "validation", 690),
    *(("pawsx", code, "validation", 2000) for code in ("en", "de", "es", "zh")),
    ("panx", "en", "train", 4000),
    ("panx", "ta", "validation", 500),
    ("masakhaner1", "am", "test", 500),
    ("masakhaner2", "sw", "train", 1000),
    ("hellaswag", "en", "train", 2200),
    ("hellaswag", "en", "validation", 500),
    ("commonsenseqa", "en", "train", 3000),
    ("cosmosqa", "en", "validation", 449),
    ("copa", "en", "train", 400),
    ("xcopa", "qu", "test", 500),
]


def mirrored(root: Path, mirror: Path, task: str, language: str, split: str) -> tuple[Rows, Rows]:
    """Examples of a data set from its release files, and from a mirror made from them."""
    spec = TASKS[task]
    assert spec.hub is not None
    paths = original_files(spec, root, language, split)
    pattern = filled(spec.hub.files[split], language, spec.hub.codes)[0]
    file = mirror / spec.hub.repo / pattern.replace("*", "00000-of-00001")
    hub_files.render(task, paths, file)
    found = mirror_files(spec, mirror, language, split)
    assert found == [file]
    return list(spec.read(paths, language)), list(spec.hub.read(found, language))


def content(rows: Rows) -> Rows:
    """Rows without their ids and clusters; matches as the texts that they name."""
    texts = {row["id"]: row.get("text") for row in rows}
    found = []
    for row in rows:
        named = {key: value for key, value in row.items() if key not in ("id", "cluster")}
        if "matches" in named:
            named["matches"] = [texts[match] for match in named["matches"]]
        found.append(named)
    return found


def stripped(rows: Rows) -> Rows:
    """Questions without spaces around contexts and questions: the hub's XQuAD has none."""
    found = []
    for row in rows:
        lead = len(row["context"]) - len(row["context"].lstrip())
        answers = [answer | {"start": answer["start"] - lead} for answer in row["answers"]]
        texts = {key: row[key].strip() for key in ("context", "question")}
        found.append(row | texts | {"answers": answers})
    return found


def multiword(paths: list[Path]) -> list[bool]:
    """True for each sentence with a multiword token or an empty node."""
    blocks = "".join(path.read_text(encoding="utf-8") for path in paths).split("\n\n")
    lines = ([line.split("\t")[0] for line in block.split("\n")] for block in blocks if block)
    return [any("-" in name or "." in name for name in ids if name[:1] != "#") for ids in lines]


def assert_same(root: Path, mirror: Path, task: str, language: str, split: str) -> Rows:
    original, hub = mirrored(root, mirror, task, language, split)
    if task != "udpos":
        expected = stripped(original) if task in ("xquad", "mlqa", "tydiqa") else original
        assert content(hub) == content(expected)
        return original
    split_up = multiword(original_files(TASKS[task], root, language, split))
    pairs = list(zip(content(original), content(hub), split_up, strict=True))
    assert all(a == b for a, b, differs in pairs if not differs)
    assert sum(not differs for *_, differs in pairs) > 0
    return original


@pytest.mark.parametrize(("task", "language", "split"), SMALL)
def test_examples_are_the_same(tmp_path, task, language, split):
    root = write_release_files(tmp_path / "data")
    rows = assert_same(root, tmp_path / "mirror", task, language, split)
    assert len(rows) >= 3


@needs_shared
@pytest.mark.parametrize(("task", "language", "split", "count"), REAL)
def test_real_examples_are_the_same(tmp_path, task, language, split, count):
    rows = assert_same(SHARED, tmp_path, task, language, split)
    assert count is None or len(rows) == count


def test_ids_are_the_same_where_the_hub_keeps_them(tmp_path):
    root = write_release_files(tmp_path / "data")
    for task, language, split in SMALL:
        original, hub = mirrored(root, tmp_path / "mirror", task, language, split)
        if task != "udpos":
            assert [row["id"] for row in original] == [row["id"] for row in hub]


def test_the_hub_does_not_fuse_multiword_tokens(tmp_path):
    root = write_release_files(tmp_path / "data")
    original, hub = mirrored(root, tmp_path / "mirror", "udpos", "en", "test")
    assert original[1]["tokens"] == ["don't", "go"]
    assert hub[1]["tokens"] == ["do", "n't", "go"]
    assert hub[1]["tags"] == ["AUX", "PART", "VERB"]


def test_the_layout_of_the_hubs_own_conversion_is_found_too(tmp_path):
    root = write_release_files(tmp_path / "data")
    spec = TASKS["xnli"]
    file = tmp_path / "mirror/facebook/xnli/de/test/0000.parquet"
    hub_files.render("xnli", original_files(spec, root, "de", "test"), file)
    assert mirror_files(spec, tmp_path / "mirror", "de", "test") == [file]


def test_missing_files_of_a_mirror_are_named(tmp_path):
    root = write_release_files(tmp_path / "data")
    mirrored(root, tmp_path / "mirror", "xnli", "de", "test")
    mirror = tmp_path / "mirror"
    with pytest.raises(UserError, match=r"no file of xnli \(test\) in 'fr'.*Nearest file: de/test"):
        mirror_files(TASKS["xnli"], mirror, "fr", "test")
    with pytest.raises(UserError, match=r"'sw' is not a known language of udpos \(test\) in goo"):
        mirror_files(TASKS["udpos"], mirror, "sw", "test")
    with pytest.raises(UserError, match="'ro' is not a known language of tatoeba"):
        mirror_files(TASKS["tatoeba"], mirror, "ro", "test")
    (mirror / "facebook/xnli").rename(mirror / "facebook/xnl")
    with pytest.raises(UserError, match=r"'facebook/xnli' is not .* Did you mean 'facebook/xnl'"):
        mirror_files(TASKS["xnli"], mirror, "de", "test")
    with pytest.raises(UserError, match=r"no such folder: .*mirrr\. Did you mean .*mirror\?"):
        mirror_files(TASKS["xnli"], tmp_path / "mirrr", "de", "test")
    with pytest.raises(UserError, match="mlm is not read from the hub"):
        mirror_files(TASKS["mlm"], mirror, "de", "train")
