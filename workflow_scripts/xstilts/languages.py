"""Properties of the tasks' languages: family, script, amount of text in pretraining corpora.

Families are the top-level ones of Glottolog 5 (glottolog.org) by their common names; creoles are
listed with their lexifier. N'Ko, a written standard of several Mande languages, has none:
Glottolog lists it with constructed languages. Scripts are those of the tasks' data, in the codes
of ISO 15924.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.flores import FLORES
from xstilts.suites import GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Grouping = dict[str, str]
"""Language to its group."""


def _groups(lists: Mapping[str, str]) -> Grouping:
    return {code: name for name, codes in lists.items() for code in codes.split()}


FAMILY = _groups(
    {
        "Indo-European": ""
        "af as ast_Latn awa_Deva be ben_Latn bg bho_Deva bn bs ca ckb_Arab cs cy da de "
        "el en es fa fo fr fur_Latn ga gd gl gu hi hin_Latn hne_Deva hr ht hy is it "
        "kas_Arab kas_Deva kea_Latn kmr_Latn lb li lij_Latn lmo_Latn lt ltg_Latn lv "
        "mag_Deva mai_Deva mk mr nb ne nl nn npi_Latn oc or pa pap_Latn pcm pl "
        "prs_Arab ps pt ro ru sa sc scn_Latn sd si sin_Latn sk sl sq sr sv szl_Latn tg "
        "tpi_Latn uk ur urd_Latn vec_Latn yi",
        "Afro-Asiatic": ""
        "acm_Arab acq_Arab aeb_Arab ajp_Arab am apc_Arab ar arb_Latn arq ars_Arab ary "
        "ary_Arab arz_Arab ha he kab_Latn mt om so taq_Latn taq_Tfng ti tzm_Tfng",
        "Atlantic-Congo": ""
        "ak bbj bem_Latn cjk_Latn ee fon fuv_Latn ig kam_Latn kbp_Latn kg ki kmb_Latn "
        "lg ln lua_Latn mos nso_Latn ny rn rw sg sn ss st sw tn ts tum_Latn tw "
        "umb_Latn wo xh yo zu",
        "Mande": "bm dyu_Latn",
        "Nilotic": "dik_Latn luo nus_Latn",
        "Austronesian": ""
        "ace_Arab ace_Latn ban_Latn bbc bjn_Arab bjn_Latn bug_Latn ceb_Latn fj id "
        "ilo_Latn jv mad mg mi min_Arab min_Latn ms nij pag_Latn sm su tl war_Latn",
        "Austroasiatic": "km sat_Olck vi",
        "Dravidian": "kn ml ta te",
        "Uralic": "et fi hu",
        "Turkic": "az azb_Arab ba crh_Latn kk ky tk tr tt ug uz",
        "Sino-Tibetan": "bo dz kac_Latn lus_Latn mni_Beng my yue_Hant zh zho_Hans zho_Hant",
        "Tai-Kadai": "lo shn_Mymr th",
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
        "constructed": "eo",
        "Mongolic-Khitan": "mn",
        "Saharan": "knc_Arab knc_Latn",
    }
)

# FLORES lacks some languages of the tasks, most of them in Latin script. Chinese is simplified in
# some tasks, traditional in UD_Chinese-GSD and mixed in Tatoeba and PAN-X. Moroccan tweets (ary)
# mix Arabic and Latin script and have none here.
SCRIPT = {code: name.rpartition("_")[2] for code, name in FLORES.items()} | _groups(
    {
        "Latn": "aym bbc bbj bzd cni hch mad nah nij oto pcm qu shp tar",
        "Arab": "arq",
        "Hani": "zh",
    }
)

# Size of the language's file in the CC-100 release, compressed (data.statmt.org/cc-100), for the
# languages that Conneau et al. 2020 (arXiv 1911.02116), table 6, list as XLM-R's; all others are
# "absent", although CC-100 has files of some. Romanised text has files of its own.
XLMR_TEXT = _groups(
    {
        "over 10 GB": "da de en es fa fi fr hu id ja ko nb pl pt ro ru sv uk vi zh zho_Hans",
        "1 to 10 GB": "ar az bg ca cs el et he hi hr it ka lt lv ms nl sk sl sq sr ta th tr "
        "zho_Hant",
        "under 1 GB": "af am as be ben_Latn bn br bs cy eo eu fy ga gd gl gu ha hin_Latn hy is jv "
        "kk km kmr_Latn kn ky la lo mg mk ml mn mr my ne om or pa ps sa sd si so su sw te tl ug ur "
        "urd_Latn uz xh yi",
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
