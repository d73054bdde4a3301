from __future__ import annotations

import contextlib
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
    # the folder has changed: a cached listing would hide the preferred file
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


def test_a_folder_is_not_a_file(tmp_path):
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


def test_alternative_names(tmp_path):
    touch(tmp_path, "pawsx/x-final/en/train.tsv", "pawsx/x-final/de/translated_train.tsv")
    assert found(tmp_path, "pawsx", "en", "train") == ["pawsx/x-final/en/train.tsv"]
    assert found(tmp_path, "pawsx", "de", "train") == ["pawsx/x-final/de/translated_train.tsv"]


def test_rounds_together_and_separately(tmp_path):
    touch(tmp_path, *(f"anli/R{number}/dev.jsonl" for number in (3, 1, 2)), "anli/R4/dev.jsonl")
    assert found(tmp_path, "anli", "en", "validation") == [
        f"anli/R{number}/dev.jsonl" for number in (1, 2, 3)
    ]
    assert found(tmp_path, "anli_r2", "en", "validation") == ["anli/R2/dev.jsonl"]


def test_parts_are_read_in_order_and_all_are_required(tmp_path):
    touch(tmp_path, "mnli/multinli.train.en.tsv", "anli/R1/train.jsonl", "anli/R2/train.jsonl")
    with pytest.raises(UserError, match=r"no file of snli \(train\) in 'en'"):
        found(tmp_path, "anli_plus", "en", "train")
    touch(tmp_path, "snli/snli_1.0_train.jsonl")
    assert found(tmp_path, "anli_plus", "en", "train") == [
        "mnli/multinli.train.en.tsv",
        "snli/snli_1.0_train.jsonl",
        "anli/R1/train.jsonl",
        "anli/R2/train.jsonl",
    ]


def test_released_files_are_preferred_to_processed_ones(tmp_path):
    touch(tmp_path, "panx/test-sw.tsv", "pawsx/test-de.tsv")
    assert found(tmp_path, "panx", "sw", "test") == ["panx/test-sw.tsv"]
    touch(tmp_path, "wikiann/sw/test", "pawsx/x-final/de/test_2k.tsv")
    assert found(tmp_path, "panx", "sw", "test") == ["wikiann/sw/test"]
    assert found(tmp_path, "pawsx", "de", "test") == ["pawsx/x-final/de/test_2k.tsv"]


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
    data_files = "{'torch', 'datasets', 'pandas', 'pyarrow', 'numpy', 'transformers'}"
    code = (
        f"import sys, xstilts.data.sources, xstilts.tasks; print({data_files} & set(sys.modules))"
    )
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
        ("snli", "en", "validation", 690),
        ("anli", "en", "validation", 1800),
        ("anli_r3", "en", "validation", 600),
        ("anli_plus", "en", "validation", 500 + 690 + 1800),
        ("pawsx", "zh", "validation", 2000),
        ("americasnli", "ay", "test", 750),
        ("panx", "my", "validation", 100),
        ("masakhaner1", "am", "train", 800),
        ("masakhaner2", "zu", "test", 500),
        ("masakhapos", "yo", "validation", 178),
    ],
)
def test_real_rows_have_the_schema_of_their_kind(task, language, split, num_rows):
    import pyarrow as pa

    rows = list(TASKS[task].read(original_files(TASKS[task], SHARED, language, split), language))
    assert len(rows) == num_rows
    table = pa.Table.from_pylist(rows, schema=SCHEMAS[TASKS[task].kind])
    table.validate(full=True)
    assert set(rows[0]) | {"cluster"} == set(table.column_names)


@real_data
@pytest.mark.parametrize(
    ("task", "num_files", "num_rows"),
    [
        ("panx", 16, 10_600),
        ("masakhaner1", 6, 3_150),
        ("masakhaner2", 12, 7_200),
        ("masakhapos", 9, 2_866),
        ("pawsx", 4, 8_000),
        # the README counts lines: 20 of them are headers
        ("americasnli", 20, 14_172 - 20),
    ],
)
def test_real_data_is_read_completely(task, num_files, num_rows):
    sets = []
    for language in TASKS[task].languages:
        for split in TASKS[task].splits(language):
            with contextlib.suppress(UserError):
                sets.append((original_files(TASKS[task], SHARED, language, split), language))
    assert sum(len(files) for files, _ in sets) == num_files
    rows = [row for files, language in sets for row in TASKS[task].read(files, language)]
    assert len(rows) == num_rows


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
