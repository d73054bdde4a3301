"""Tatoeba: retrieve the translation of an English sentence among those of another language."""

from __future__ import annotations

from xstilts.readers.bitext import read_parallel
from xstilts.readers.hub_parquet import read_translations
from xstilts.tasks.base import HubSource, Release, Task, on_github

# ISO 639-3 codes in the file names (google-research/xtreme, utils_preprocess.py): XTREME's 36
# languages, then the five of XTREME-R
CODES = {
    "af": "afr", "ar": "ara", "bg": "bul", "bn": "ben", "de": "deu", "el": "ell", "es": "spa",
    "et": "est", "eu": "eus", "fa": "pes", "fi": "fin", "fr": "fra", "he": "heb", "hi": "hin",
    "hu": "hun", "id": "ind", "it": "ita", "ja": "jpn", "jv": "jav", "ka": "kat", "kk": "kaz",
    "ko": "kor", "ml": "mal", "mr": "mar", "nl": "nld", "pt": "por", "ru": "rus", "sw": "swh",
    "ta": "tam", "te": "tel", "th": "tha", "tl": "tgl", "tr": "tur", "ur": "urd", "vi": "vie",
    "zh": "cmn",
    "az": "aze", "lt": "lit", "pl": "pol", "ro": "ron", "uk": "ukr",
}  # fmt: skip
# sentences of the languages that have fewer than 1,000 (facebookresearch/LASER, data/tatoeba/v1)
_FEWER = {"jv": 205, "te": 234, "ta": 307, "sw": 390, "th": 548, "kk": 575, "ml": 687, "ka": 746}
_XTREME_R = {"az", "lt", "pl", "ro", "uk"}

TASK = Task(
    name="tatoeba",
    kind="retrieval",
    title="Which sentence of another language is the translation of the English one?",
    languages=tuple(sorted(CODES)),
    files={
        "test": (
            "tatoeba/tatoeba.{code}-eng.*",
            "tatoeba/v1/tatoeba.{code}-eng.*",
            "LASER/data/tatoeba/v1/tatoeba.{code}-eng.*",
        )
    },
    codes=CODES,
    read=read_parallel,
    release=Release(
        files={
            "test": tuple(
                on_github(
                    "facebookresearch/LASER",
                    "fec5c7d63daa2bea9d127e8252b10e87278586c0",
                    f"data/tatoeba/v1/tatoeba.{{code}}-eng.{side}",
                    f"tatoeba/tatoeba.{{code}}-eng.{side}",
                )
                for side in ("{code}", "eng")
            )
        }
    ),
    hub=HubSource(
        repo="google/xtreme",
        revision="main",
        files={
            "test": ("tatoeba.{code}/validation-*.parquet", "tatoeba.{code}/validation/*.parquet")
        },
        codes=CODES,
        languages=tuple(sorted(set(CODES) - _XTREME_R)),
        read=read_translations,
    ),
    metric="accuracy",
    train=None,
    # jiant's XTREME guide; nothing is trained
    recipe={"max_length": 512},
    sizes={"test": (205, 1_000)},
    sizes_of={code: {"test": _FEWER.get(code, 1_000)} for code in CODES},
    words=7,
    microworld="retrieval",
    licence="CC BY 2.0 FR",
    citation="@article{artetxe-schwenk-2019-massively, "
    "title={Massively Multilingual Sentence Embeddings for Zero-Shot Cross-Lingual Transfer and "
    "Beyond}, author={Artetxe, Mikel and Schwenk, Holger}, journal={TACL}, year={2019}}",
    homepage="https://github.com/facebookresearch/LASER/tree/main/data/tatoeba/v1",
)
