"""The official releases as public loaders and scripts describe them: names of files by address.

Written down apart from the tasks' own entries, and with the surplus files that the archives have,
so that entries are compared with something else than themselves.
"""

from __future__ import annotations

from release_server import tarred, zipped
from xstilts.tasks import (
    afrisenti,
    afrixnli,
    belebele,
    masakhaner1,
    masakhaner2,
    masakhanews,
    masakhapos,
    nusax,
    sib200,
    tatoeba,
    udpos,
)

_META = "dl.fbaipublicfiles.com"
_RAW = "raw.githubusercontent.com"
_MLQA = ("ar", "de", "en", "es", "hi", "vi", "zh")
_XNLI = "ar bg de el en es fr hi ru sw th tr ur vi zh".split()

# a few treebanks, names as in the release: languages may have several, or only a test set
_TREEBANKS = {
    "af": ["Afrikaans-AfriBooms"], "en": ["English-EWT", "English-GUM"], "fr": ["French-GSD"],
    "th": ["Thai-PUD"],
}  # fmt: skip


def _treebanks(version: str) -> list[str]:
    names = []
    for code in udpos.TASK.languages:
        for treebank in _TREEBANKS.get(code, [f"Language-{code}"]):
            folder = f"ud-treebanks-v{version}/UD_{treebank}"
            short = f"{code}_{treebank.rpartition('-')[2].lower()}"
            splits = ("test",) if code in ("th", "tl", "yo") else ("train", "dev", "test")
            names += [f"{folder}/{short}-ud-{split}.conllu" for split in splits]
            names += [f"{folder}/LICENSE.txt", f"{folder}/{short}-ud-test.txt"]
    return names


def _lindat(version: str, handle: str) -> str:
    site = "lindat.mff.cuni.cz/repository/xmlui/bitstream/handle/11234"
    return f"{site}/{handle}/ud-treebanks-v{version}.tgz"


ARCHIVES: dict[str, list[str]] = {
    "cims.nyu.edu/~sbowman/multinli/multinli_1.0.zip": [
        f"multinli_1.0/multinli_1.0_{split}.{end}"
        for split in ("train", "dev_matched", "dev_mismatched")
        for end in ("jsonl", "txt")
    ],
    f"{_META}/XNLI/XNLI-1.0.zip": [
        f"XNLI-1.0/xnli.{split}.{end}" for split in ("dev", "test") for end in ("tsv", "jsonl")
    ],
    f"{_META}/XNLI/XNLI-MT-1.0.zip": [
        *(f"XNLI-MT-1.0/multinli/multinli.train.{code}.tsv" for code in _XNLI),
        *(f"XNLI-MT-1.0/xnli/xnli.test.{code}.tsv" for code in _XNLI),
    ],
    "nlp.stanford.edu/projects/snli/snli_1.0.zip": [
        f"snli_1.0/snli_1.0_{split}.{end}"
        for split in ("train", "dev", "test")
        for end in ("jsonl", "txt")
    ],
    f"{_META}/anli/anli_v1.0.zip": [
        "anli_v1.0/README.md",
        *(f"anli_v1.0/R{n}/{s}.jsonl" for n in (1, 2, 3) for s in ("train", "dev", "test")),
    ],
    "storage.googleapis.com/paws/pawsx/x-final.tar.gz": [
        "x-final/en/train.tsv",
        "x-final/en/dev_2k.tsv",
        "x-final/en/test_2k.tsv",
        *(
            f"x-final/{code}/{name}.tsv"
            for code in ("de", "es", "fr", "ja", "ko", "zh")
            for name in ("translated_train", "dev_2k", "test_2k")
        ),
    ],
    f"{_META}/MLQA/MLQA_V1.zip": [
        f"MLQA_V1/{split}/{split}-context-{context}-question-{question}.json"
        for split in ("dev", "test")
        for context in _MLQA
        for question in _MLQA
    ],
    _lindat("2.5", "1-3105"): _treebanks("2.5"),
    _lindat("2.7", "1-3424"): _treebanks("2.7"),
    **{
        f"comparable.limsi.fr/bucc2018/bucc2018-{code}-en.{name}-gold.tar.bz2": [
            f"bucc2018/{code}-en/{code}-en.{name}.{end}" for end in (code, "en", "gold")
        ]
        for code in ("de", "fr", "ru", "zh")
        for name in ("sample", "training")
    },
    f"{_META}/glue/superglue/data/v2/COPA.zip": [
        f"COPA/{split}.jsonl" for split in ("train", "val", "test")
    ],
    "asgordon.github.io/downloads/COPA-resources.tgz": [
        f"COPA-resources/datasets/copa-{split}.xml" for split in ("all", "dev", "test")
    ],
    "storage.googleapis.com/ai2-mosaic/public/socialiqa/socialiqa-train-dev.zip": [
        f"socialiqa-train-dev/{split}{end}"
        for split in ("train", "dev")
        for end in (".jsonl", "-labels.lst")
    ],
    f"{_META}/glue/data/QQP-clean.zip": [f"QQP/{split}.tsv" for split in ("train", "dev", "test")],
    f"{_META}/belebele/Belebele.zip": [
        f"Belebele/{code}.jsonl" for code in belebele.TASK.codes.values()
    ],
    "storage.googleapis.com/gresearch/mewsli/mewsli-x_20220518_6.zip": [
        "candidate_set_entities.jsonl",
        "wikinews_mentions_no_text-dev.jsonl",
        "wikinews_mentions_no_text-test.jsonl",
        "wikipedia_pairs-dev.jsonl",
        "wikipedia_pairs-train.jsonl",
    ],
}
"""Address (without ``https://``) of each archive to the names of its members."""

PANX = "www.dropbox.com/s/12h3qqog6q4bjve/panx_dataset.tar?dl=1"
"""An archive with an archive per language, each with the files train, dev and test."""

_GITHUB = {
    "google-deepmind/xquad/60cac411649156efb6aab9dd4c9cde787a2c0345": [
        f"xquad.{code}.json"
        for code in ("ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh")
    ],
    "facebookresearch/LASER/fec5c7d63daa2bea9d127e8252b10e87278586c0": [
        f"data/tatoeba/v1/tatoeba.{code}-eng.{side}"
        for code in tatoeba.CODES.values()
        for side in (code, "eng")
    ],
    "cambridgeltl/xcopa/e2e9d7f105a758ee869cd13e0fe251ef93a29840": [
        f"data/{code}/{split}.{code}.jsonl"
        for code in "et ht id it qu sw ta th tr vi zh".split()
        for split in ("val", "test")
    ],
    "wilburOne/cosmosqa/master": ["data/train.csv", "data/valid.csv"],
    "masakhane-io/masakhane-ner/ba5843cd08aa491d5f96a5e809e71eb9ec461391": [
        f"{folder}/{code}/{split}.txt"
        for folder, codes in (
            ("data", masakhaner1.CODES.values()),
            ("MasakhaNER2.0/data", masakhaner2.CODES.values()),
        )
        for code in codes
        for split in ("train", "dev", "test")
    ],
    "masakhane-io/masakhane-pos/a42273eb27d37f3dedfc3914bfccb88199e10454": [
        f"data/{code}/{split}.txt"
        for code in masakhapos.CODES.values()
        for split in ("train", "dev", "test")
    ],
    "abteen/americasnli/bebd02ca1e4529016fca2e4554a5c48c285b8fba": [
        f"data/anli_final/{split}/{code}.tsv"
        for split in ("dev", "test")
        for code in "aym bzd cni gn hch nah oto quy shp tar".split()
    ],
    f"{sib200.REPOSITORY}/{sib200.COMMIT}": [
        f"data/annotated/{code}/{split}.tsv"
        for code in sib200.CODES.values()
        for split in ("train", "dev", "test")
    ],
    "masakhane-io/masakhane-news/819be052e79e0a600e0ed4a7356594681cb5c4f3": [
        f"data/{code}/{split}.tsv"
        for code in masakhanews.CODES.values()
        for split in ("train", "dev", "test")
    ],
    "afrisenti-semeval/afrisent-semeval-2023/5aec3cfcf87b59f885e98641f72e52182776429d": [
        f"data/{code}/{split}.tsv"
        for code in afrisenti.CODES.values()
        for split in ("train", "dev", "test")
    ],
    "IndoNLP/nusax/75b0be5d982348332509f296e10d9bf9cb66d60f": [
        f"datasets/sentiment/{name}/{split}.csv"
        for name in nusax.TASK.codes.values()
        for split in ("train", "valid", "test")
    ],
    "brmson/dataset-sts/47a67a26bcabc6248161fd0ae4f556c44155e628": [
        f"data/sts/sick2014/SICK_{name}.txt" for name in ("train", "trial", "test_annotated")
    ],
    "google-research-datasets/lareqa/5405d2a77e83d5ccb47623a3f9e5604c3f103193": [
        f"xquad-r/{code}.json" for code in "ar de el en es hi ru th tr vi zh".split()
    ],
}

FILES: list[str] = [
    *(f"{_RAW}/{repo}/{path}" for repo, paths in _GITHUB.items() for path in paths),
    *(
        f"rajpurkar.github.io/SQuAD-explorer/dataset/{split}-v{version}.json"
        for split in ("train", "dev")
        for version in ("1.1", "2.0")
    ),
    *(
        f"storage.googleapis.com/tydiqa/v1.1/tydiqa-goldp-v1.1-{split}.json"
        for split in ("train", "dev")
    ),
    *(
        f"github.com/rowanz/hellaswag/raw/master/data/hellaswag_{split}.jsonl"
        for split in ("train", "val", "test")
    ),
    *(f"s3.amazonaws.com/commensenseqa/{split}_rand_split.jsonl" for split in ("train", "dev")),
    *(
        f"huggingface.co/datasets/masakhane/afrixnli/resolve/main/data/{code}/{split}.tsv"
        for code in afrixnli.CODES.values()
        for split in ("dev", "test")
    ),
]
"""Addresses of plain files."""


def packed(address: str, members: dict[str, bytes]) -> bytes:
    """An archive of the format that its address tells."""
    if address.endswith(".zip"):
        return zipped(members)
    return tarred(members, "bz2" if address.endswith(".bz2") else "gz")


def site_files(panx_languages: tuple[str, ...]) -> dict[str, bytes]:
    """Every release by address; the content of each file is its own name."""
    files = {name: name.encode() for name in FILES}
    for address, names in ARCHIVES.items():
        files[address] = packed(address, {name: name.encode() for name in names})
    inner = {
        f"{code}.tar.gz": tarred(
            {name: f"{code}/{name}".encode() for name in ("train", "dev", "test")}
        )
        for code in panx_languages
    }
    return files | {PANX: tarred(inner, "")}
