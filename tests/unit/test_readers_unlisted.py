"""Languages that a task does not list, but whose release files are there."""

from __future__ import annotations

import re
from fnmatch import fnmatch

import pytest
from test_readers_sources import found, touch

from xstilts.data.sources import mirror_files
from xstilts.errors import UserError
from xstilts.iso639 import release_codes, study_code, varieties_of
from xstilts.tasks import TASKS

TATOEBA = "tatoeba/tatoeba.{0}-eng"
UNLISTED = [
    *(
        ("tatoeba", language, "test", [f"{TATOEBA.format(code)}.{side}" for side in (code, "eng")])
        for language, code in {
            "da": "dan", "sv": "swe", "ca": "cat", "sk": "slk", "is": "isl", "am": "amh",
            # of several languages, the one that the release has; no two-letter code
            "lv": "lvs", "no": "nob", "ms": "zsm", "ceb": "ceb",
        }.items()
    ),
    ("udpos", "pcm", "test", ["ud/UD_Naija-NSC/pcm_nsc-ud-test.conllu"]),
    ("udpos", "da", "train", ["ud/UD_Danish-DDT/da_ddt-ud-train.conllu"]),
    ("panx", "zh-min-nan", "test", ["wikiann/zh-min-nan/test"]),
    ("xquad", "fr", "test", ["xquad/xquad.fr.json"]),
    ("mlqa", "pt", "test", ["mlqa/MLQA_V1/test/test-context-pt-question-pt.json"]),
    ("xcopa", "ja", "validation", ["xcopa/data/ja/val.ja.jsonl"]),
    ("masakhaner2", "am", "test", ["masakhaner2/amh/test.txt"]),
    # a split that an older release lacks
    ("udpos", "th", "train", ["ud/UD_Thai-TUD/th_tud-ud-train.conllu"]),
]  # fmt: skip


@pytest.mark.parametrize(("task", "language", "split", "files"), UNLISTED)
def test_a_language_that_a_task_does_not_list_is_read_if_its_files_exist(
    tmp_path, task, language, split, files
):
    listed = TASKS[task].languages
    assert language not in listed or split not in TASKS[task].splits(language)
    with pytest.raises(UserError) as caught:
        found(tmp_path, task, language, split)
    # one message: what is known, and which files would be read
    message = str(caught.value)
    assert "is not a known " in message
    assert "Known: " in message
    touch(tmp_path, *files)
    assert found(tmp_path, task, language, split) == sorted(files)
    tried = message.partition("Tried, in this order: ")[2].rstrip(".").split(", ")
    assert any(fnmatch(files[0], pattern) for pattern in tried)
    assert TASKS[task].languages == listed


@pytest.mark.parametrize(
    ("task", "language", "message"),
    [
        ("tatoeba", "dee", "Did you mean 'de'"),
        # the release's code of a known language, and that of ISO 639-3
        ("tatoeba", "afr", "'afr' is not a known language of tatoeba. Did you mean 'af', its"),
        ("tatoeba", "cmn", "Did you mean 'zh', its code in studies?"),
        ("udpos", "deu", "Did you mean 'de', its code in studies?"),
        # with and without a script
        ("sib200", "deu_Latn", "Did you mean 'de', its code in studies?"),
        ("sib200", "zh", "Did you mean 'zho_Hans' or 'zho_Hant', its codes with a script?"),
        ("sib200", "kmb", "Did you mean 'kmb_Latn', its code with a script?"),
        ("pawsx", "zho_Hans", "Did you mean 'zh', its code in this task?"),
        ("afrisenti", "ary_Arab", "Did you mean 'ary', its code in this task?"),
        # not a code, although it would match every file
        ("udpos", "*", "'*' is not a known language"),
        ("udpos", "../ud/UD_A/de", "is not a known language"),
        # files that do not name their language
        ("squad_v1", "de", "'de' is not a known language of squad_v1"),
    ],
)
def test_other_names_of_languages_are_errors(tmp_path, task, language, message):
    touch(tmp_path, "tatoeba/tatoeba.afr-eng.afr", "tatoeba/tatoeba.deu-eng.deu")
    touch(tmp_path, "ud/UD_A/de_a-ud-train.conllu", "squad/train-v1.1.json")
    split = "test" if task == "tatoeba" else "train"
    with pytest.raises(UserError, match=re.escape(message)):
        found(tmp_path, task, language, split)


def test_an_unlisted_language_of_a_mirror(tmp_path):
    def files():
        return mirror_files(TASKS["panx"], tmp_path, "da", "test")

    with pytest.raises(UserError, match=r"'da' is not a known .* in unimelb-nlp/wikiann.*Tried"):
        files()
    touch(tmp_path, "unimelb-nlp/wikiann/da/test-0-of-1.parquet")
    assert files() == [tmp_path / "unimelb-nlp/wikiann/da/test-0-of-1.parquet"]


def test_codes_of_release_files():
    assert release_codes("da") == ["da", "dan"]
    assert release_codes("lv") == ["lv", "lav", "lvs"]
    assert release_codes("pcm") == ["pcm"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("deu_Latn", "de"), ("deu", "de"), ("plt_Latn", "mg"), ("luo_Latn", "luo"),
        # romanised, or in several scripts: not what the short code means
        ("arb_Latn", "arb_Latn"), ("hin_Latn", "hin_Latn"), ("zho_Hant", "zho_Hant"),
        ("kmb_Latn", "kmb_Latn"), ("aym", "ay"), ("qaa", "qaa"),
    ],
)  # fmt: skip
def test_codes_of_studies(code, expected):
    assert study_code(code) == expected


def test_varieties_of_a_language():
    assert varieties_of("zh") == ["zho_Hans", "zho_Hant"]
    assert varieties_of("ace") == ["ace_Arab", "ace_Latn"]
    # Arabic's other variety is the same one in other letters
    assert varieties_of("ar") == ["arb_Latn"]
    assert varieties_of("de") == []
