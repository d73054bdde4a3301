from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from xstilts.data.schemas import SCHEMAS
from xstilts.data.sources import original_files
from xstilts.errors import UserError
from xstilts.tasks import TASKS

SHARED = Path(os.environ.get("XSTILTS_TEST_DATA", Path(__file__).parents[3] / "shared/data"))
real_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason="real data samples not present (set XSTILTS_TEST_DATA)"
)


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def found(root: Path, task: str, language: str, split: str) -> list[str]:
    files = original_files(TASKS[task], root, language, split)
    return [file.relative_to(root).as_posix() for file in files]


def test_the_first_pattern_that_matches_wins(tmp_path):
    touch(tmp_path, "mnli/multinli_1.0_train.jsonl", "xnli/train-en.tsv")
    assert found(tmp_path, "mnli", "en", "train") == ["mnli/multinli_1.0_train.jsonl"]
    # the folder has changed: a listing that was kept would hide the preferred file
    time.sleep(0.01)
    touch(tmp_path, "mnli/multinli.train.en.tsv")
    assert found(tmp_path, "mnli", "en", "train") == ["mnli/multinli.train.en.tsv"]


def test_all_treebanks_of_a_language_and_no_other(tmp_path):
    touch(
        tmp_path,
        "ud/UD_French-A/fr_z-ud-dev.conllu",
        "ud/UD_French-B/fr_a-ud-dev.conllu",
        "ud/UD_French-B/fr_a-ud-test.conllu",
        "ud/UD_Old_French-C/fro_c-ud-dev.conllu",
        "ud/other/fr_x-ud-dev.conllu",
    )
    assert found(tmp_path, "udpos", "fr", "validation") == [
        "ud/UD_French-B/fr_a-ud-dev.conllu",
        "ud/UD_French-A/fr_z-ud-dev.conllu",
    ]


def test_codes_of_file_names(tmp_path):
    touch(tmp_path, "tatoeba/tatoeba.cmn-eng.cmn", "tatoeba/tatoeba.cmn-eng.eng")
    assert len(found(tmp_path, "tatoeba", "zh", "test")) == 2


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "xquad/xquad.de.json").mkdir(parents=True)
    with pytest.raises(UserError, match="no file of xquad"):
        found(tmp_path, "xquad", "de", "test")


def test_missing_file_lists_what_was_tried_and_the_nearest(tmp_path):
    touch(tmp_path, "xquad/xquad.es.jsn", "xquad/README.md")
    with pytest.raises(UserError) as caught:
        original_files(TASKS["xquad"], tmp_path, "es", "test", where="study.yaml:3: data_root")
    message = str(caught.value)
    assert message.startswith("study.yaml:3: data_root: no file of xquad (test) in 'es'")
    assert "Tried, in this order: xquad/xquad.es.json." in message
    assert "Nearest file: xquad/xquad.es.jsn." in message


def test_nearest_file_in_a_folder_of_another_name(tmp_path):
    touch(tmp_path, "XQuAD/xquad.de.json")
    with pytest.raises(UserError, match=r"Nearest file: XQuAD/xquad\.de\.json"):
        found(tmp_path, "xquad", "de", "test")


def test_missing_root_names_a_sibling(tmp_path):
    (tmp_path / "xtreme_data").mkdir()
    with pytest.raises(UserError, match=r"no such folder: .*xtrem_data\. Did you .*xtreme_data\?"):
        found(tmp_path / "xtrem_data", "xquad", "de", "test")
    with pytest.raises(UserError, match="no such folder"):
        found(tmp_path / "a" / "b", "xquad", "de", "test")


def test_root_that_is_a_file(tmp_path):
    touch(tmp_path, "data.zip")
    with pytest.raises(UserError, match=r"data\.zip is a file"):
        found(tmp_path / "data.zip", "xquad", "de", "test")


@pytest.mark.parametrize(
    ("task", "language", "split", "message"),
    [
        ("xquad", "fr", "test", r"'fr' is not a known language of xquad"),
        ("xquad", "de", "train", r"'train' is not a known split of xquad in 'de'.*Known: test"),
        ("udpos", "th", "train", r"'train' is not a known split of udpos in 'th'.*Known: test"),
        ("udpos", "kk", "validation", r"Known: test, train"),
    ],
)
def test_language_or_split_that_does_not_exist(tmp_path, task, language, split, message):
    with pytest.raises(UserError, match=message):
        found(tmp_path, task, language, split)


def test_the_whole_grid_lists_each_folder_once(tmp_path, monkeypatch):
    touch(tmp_path, *(f"xquad/xquad.{code}.json" for code in TASKS["xquad"].languages))
    listed = []
    monkeypatch.setattr(Path, "iterdir", _recording(listed, Path.iterdir))
    for language in TASKS["xquad"].languages:
        found(tmp_path, "xquad", language, "test")
    assert sorted(listed) == [tmp_path, tmp_path / "xquad"]


def _recording(calls, function):
    def recorded(path):
        calls.append(path)
        return function(path)

    return recorded


def test_the_module_is_light_to_import():
    heavy = "{'torch', 'pandas', 'pyarrow', 'numpy', 'transformers'}"
    code = f"import sys, xstilts.data.sources, xstilts.tasks; print({heavy} & set(sys.modules))"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == "set()"


@real_data
@pytest.mark.parametrize(
    ("task", "language", "split", "num_rows"),
    [
        ("mnli", "en", "train", 3000),
        ("mnli", "en", "validation", 500),
        ("xnli", "ur", "test", 600),
        ("squad_v1", "en", "validation", 1103),
        ("xquad", "th", "test", 1190),
        ("udpos", "zh", "test", 150),
        ("tatoeba", "zh", "test", 2000),
    ],
)
def test_real_rows_have_the_schema_of_their_kind(task, language, split, num_rows):
    import pyarrow as pa

    rows = list(TASKS[task].read(original_files(TASKS[task], SHARED, language, split), language))
    assert len(rows) == num_rows
    table = pa.Table.from_pylist(rows, schema=SCHEMAS[TASKS[task].kind])
    table.validate(full=True)
    assert set(rows[0]) == set(table.column_names)


@real_data
def test_real_tatoeba_has_every_language_of_the_task():
    files = [file for code in TASKS["tatoeba"].languages for file in _files("tatoeba", code)]
    assert len(files) == 82
    assert sum(len(file.read_bytes().splitlines()) for file in files) == 73_384


def _files(task: str, language: str) -> list[Path]:
    return original_files(TASKS[task], SHARED, language, "test")


def test_patterns_may_start_at_the_root(tmp_path):
    task = replace(TASKS["xquad"], files={"test": ("xquad.{language}.json",)})
    touch(tmp_path, "xquad.de.json")
    assert original_files(task, tmp_path, "de", "test") == [tmp_path / "xquad.de.json"]
    with pytest.raises(UserError, match=r"Nearest file: xquad\.de\.json"):
        original_files(task, tmp_path, "en", "test")
