"""Named suites of tasks with their evaluation languages, and named groups of languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from xstilts.flores import BELEBELE, VARIETIES

if TYPE_CHECKING:
    from collections.abc import Mapping

Suite = dict[str, tuple[str, ...]]
"""Task to its evaluation languages, in the suite's order."""

SuiteName = Literal["xtreme", "xtreme-r", "african", "americas", "sib200", "nusax", "belebele"]
GroupName = Literal["african", "americas"]


def _suite(lists: Mapping[str, str]) -> Suite:
    return {task: tuple(languages.split()) for task, languages in lists.items()}


def _more(suite: Suite, lists: Mapping[str, str]) -> Suite:
    """Return the listed tasks of a suite, with the listed languages appended to its own."""
    return {task: (*suite.get(task, ()), *languages.split()) for task, languages in lists.items()}


# google-research/xtreme evaluate.py, TASK2LANGS
XTREME = _suite(
    {
        "pawsx": "de en es fr ja ko zh",
        "xnli": "ar bg de el en es fr hi ru sw th tr ur vi zh",
        "panx": "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt es bg ru "
        "ja ka ko th sw yo my zh kk tr et fi hu",
        "udpos": "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th "
        "tl tr ur vi yo zh",
        "bucc2018": "de fr ru zh",
        "tatoeba": "ar he vi id jv tl eu ml ta te af nl de el bn hi mr ur fa fr it pt es bg ru ja "
        "ka ko th sw zh kk tr et fi hu",
        "xquad": "en es de el ru tr ar vi th zh hi",
        "mlqa": "en es de ar hi vi zh",
        "tydiqa": "en ar bn fi id ko ru sw te",
    }
)

# the same file, XTREME_R_TASK2LANGS, which has no list for lareqa: its data (XQuAD-R) have XQuAD's
# eleven languages
XTREME_R = _more(
    XTREME,
    {
        "xnli": "",
        "xcopa": "et ht id it qu sw ta th tr vi zh",
        "udpos": "lt pl uk wo ro",
        "panx": "qu pl uk az lt pa gu ro",
        "xquad": "ro",
        "mlqa": "",
        "tydiqa": "",
        "tatoeba": "az lt pl uk ro",
        "mewslix": "ar de en es fa ja pl ro ta tr uk",
        "lareqa": "ar de el en es hi ru th tr vi zh",
    },
)

# XTREME-R's tasks in African languages, the Masakhane data sets, AfriSenti, SIB-200 and Belebele:
# with the Arabic varieties that are spoken in Africa, without Modern Standard Arabic, English,
# French and Portuguese
AFRICAN = _suite(
    {
        "xnli": "sw",
        "xcopa": "sw",
        "udpos": "af yo wo",
        "panx": "af sw yo",
        "tydiqa": "sw",
        "tatoeba": "af sw",
        "masakhaner1": "am ha ig rw lg luo pcm sw wo yo",
        "masakhaner2": "bm bbj ee fon ha ig rw lg luo mos ny pcm sn sw tn tw wo xh yo zu",
        "masakhapos": "bm bbj ee fon ha ig rw lg luo mos ny pcm sn sw tn tw wo xh yo zu",
        "afrixnli": "am ee ha ig rw ln lg om sn st sw tw wo xh yo zu",
        "masakhanews": "am ha ig ln lg om pcm rn sn so sw ti xh yo",
        "afrisenti": "am arq ary ha ig rw om pcm sw ti ts tw yo",
        "sib200": "aeb_Arab af ak am ary_Arab arz_Arab bem_Latn bm cjk_Latn dik_Latn dyu_Latn ee "
        "fon fuv_Latn ha ig kab_Latn kam_Latn kbp_Latn kea_Latn kg ki kmb_Latn knc_Arab knc_Latn "
        "lg ln lua_Latn luo mg mos nqo_Nkoo nso_Latn nus_Latn ny om rn rw sg sn so ss st sw "
        "taq_Latn taq_Tfng ti tn ts tum_Latn tw tzm_Tfng umb_Latn wo xh yo zu",
        "belebele": "af am ary_Arab arz_Arab bm fuv_Latn ha ig kea_Latn lg ln luo mg nso_Latn ny "
        "om rw sn so ss st sw ti tn ts wo xh yo zu",
    }
)

AMERICAS = _suite({"americasnli": "ay bzd cni gn hch nah oto quy shp tar"})

SUITES: Mapping[SuiteName, Suite] = {
    "xtreme": XTREME,
    "xtreme-r": XTREME_R,
    "african": AFRICAN,
    "americas": AMERICAS,
    "sib200": {"sib200": VARIETIES},
    "nusax": _suite(
        {"nusax": "ace_Latn ban_Latn bbc bjn_Latn bug_Latn en id jv mad min_Latn nij su"}
    ),
    "belebele": {"belebele": BELEBELE},
}

TRAINED_ON: Mapping[str, str] = {
    "masakhaner1": "panx",
    "masakhaner2": "panx",
    "afrisenti": "afrisenti@ha",
}
"""Training set of the target stage for tasks without English training data."""

GROUPS: Mapping[GroupName, frozenset[str]] = {
    "african": frozenset(code for languages in AFRICAN.values() for code in languages),
    # Haitian Creole and Quechua are XCOPA's and PAN-X's
    "americas": frozenset({*AMERICAS["americasnli"], "ht", "qu"}),
}
"""Languages of a continent; a target uses those that its task has."""
