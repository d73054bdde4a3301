"""Named suites of tasks with their evaluation languages, and named groups of languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Suite = dict[str, tuple[str, ...]]
"""Task to its evaluation languages, in the suite's order."""

SuiteName = Literal["xtreme", "xtreme-r", "african", "americas"]
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

# XTREME-R's tasks in African languages (without Arabic), and the Masakhane data sets
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
    }
)

AMERICAS = _suite({"americasnli": "ay bzd cni gn hch nah oto quy shp tar"})

SUITES: Mapping[SuiteName, Suite] = {
    "xtreme": XTREME,
    "xtreme-r": XTREME_R,
    "african": AFRICAN,
    "americas": AMERICAS,
}

TRAINED_ON: Mapping[str, str] = {"masakhaner1": "panx", "masakhaner2": "panx"}
"""Training set of the target stage for tasks without English training data."""

GROUPS: Mapping[GroupName, frozenset[str]] = {
    "african": frozenset(code for languages in AFRICAN.values() for code in languages),
    # Haitian Creole and Quechua are XCOPA's and PAN-X's
    "americas": frozenset({*AMERICAS["americasnli"], "ht", "qu"}),
}
"""Languages of a continent, without Arabic; a target uses those that its task has."""
