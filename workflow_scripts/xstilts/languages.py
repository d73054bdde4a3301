"""Properties of the tasks' languages: family, script, amount of text in pretraining corpora.

Families are the top-level ones of Glottolog 5 (glottolog.org) by their common names; creoles are
listed with their lexifier. Scripts are those of the tasks' data, in the codes of
ISO 15924.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.suites import GROUPS
from xstilts.translation.flores import FLORES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Grouping = dict[str, str]
"""Language to its group."""


def _groups(lists: Mapping[str, str]) -> Grouping:
    return {code: name for name, codes in lists.items() for code in codes.split()}


FAMILY = _groups(
    {
        "Indo-European": "af bg bn de el en es fa fr gu hi ht it lt mr nl pa pcm pl pt ro ru uk ur",
        "Afro-Asiatic": "am ar ha he om so",
        "Atlantic-Congo": "bbj ee fon ig lg ln mos ny rw sn ss st sw tn tw wo xh yo zu",
        "Mande": "bm",
        "Nilotic": "luo",
        "Austronesian": "id jv mg ms tl",
        "Austroasiatic": "vi",
        "Dravidian": "ml ta te",
        "Uralic": "et fi hu",
        "Turkic": "az kk tr",
        "Sino-Tibetan": "my zh",
        "Tai-Kadai": "th",
        "Japonic": "ja",
        "Koreanic": "ko",
        "Kartvelian": "ka",
        "Basque (isolate)": "eu",
        "Quechuan": "qu quy",
        "Aymaran": "ay aym",
        "Tupian": "gn",
        "Uto-Aztecan": "hch nah tar",
        "Otomanguean": "oto",
        "Chibchan": "bzd",
        "Arawakan": "cni",
        "Pano-Tacanan": "shp",
    }
)

# FLORES lacks some languages of the tasks, all in Latin script. Chinese is
# simplified in some tasks, traditional in UD_Chinese-GSD and mixed in Tatoeba and PAN-X.
SCRIPT = {code: name.rpartition("_")[2] for code, name in FLORES.items()} | _groups(
    {"Latn": "bbj pcm bzd cni hch nah oto shp tar", "Hani": "zh"}
)

# Size of the language's file in the CC-100 release, compressed (data.statmt.org/cc-100), for the
# languages that Conneau et al. 2020 (arXiv 1911.02116), table 6, list as XLM-R's; all others are
# "absent", although CC-100 has files of some. Files of romanised text are not counted.
XLMR_TEXT = _groups(
    {
        "over 10 GB": "de en es fa fi fr hu id ja ko pl pt ro ru uk vi zh",
        "1 to 10 GB": "ar az bg el et he hi it ka lt ms nl ta th tr",
        "under 1 GB": "af am bn eu gu ha jv kk mg ml mr my om pa so sw te tl ur xh",
    }
)

# Alabi et al. 2022 (arXiv 2204.06487): 17 languages of Africa, and Arabic, French and English
AFRO_XLMR = frozenset("af am ha ig mg ny om pcm rw rn sn so st sw xh yo zu ar fr en".split())


def groupings(languages: Iterable[str]) -> dict[str, Grouping]:
    """Return groupings of some languages: each language alone first, then by their properties.

    A language with an unknown property is in no group of that grouping.
    """
    codes = list(dict.fromkeys(languages))
    african = {code: "Africa" if code in GROUPS["african"] else "elsewhere" for code in codes}
    of_afro = {code: "included" if code in AFRO_XLMR else "not included" for code in codes}
    found: dict[str, Grouping] = {
        "language": {code: code for code in codes},
        "family": FAMILY,
        "script": SCRIPT,
        "text of XLM-R": {code: XLMR_TEXT.get(code, "absent") for code in codes},
        "text of AfroXLMR": of_afro if "Africa" in african.values() else {},
        "region": african,
    }
    kept = {
        name: {code: groups[code] for code in codes if code in groups}
        for name, groups in found.items()
    }
    # a grouping with a single group is not informative
    return {
        name: groups
        for name, groups in kept.items()
        if name == "language" or len(set(groups.values())) > 1
    }
