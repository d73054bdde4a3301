"""Language codes: studies use ISO 639-1 where it has a code, many releases use ISO 639-3.

Codes with a script, such as ``kmb_Latn``, are those of ``xstilts.flores``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.flores import VARIETIES, variety_code

if TYPE_CHECKING:
    from collections.abc import Iterable

# all codes of ISO 639-1 with those of ISO 639-3 (Library of Congress, iso639-3.sil.org)
_ISO_639 = """
aa aar, ab abk, ae ave, af afr, ak aka, am amh, an arg, ar ara, as asm, av ava, ay aym,
az aze, ba bak, be bel, bg bul, bi bis, bm bam, bn ben, bo bod, br bre, bs bos, ca cat,
ce che, ch cha, co cos, cr cre, cs ces, cu chu, cv chv, cy cym, da dan, de deu, dv div,
dz dzo, ee ewe, el ell, en eng, eo epo, es spa, et est, eu eus, fa fas, ff ful, fi fin,
fj fij, fo fao, fr fra, fy fry, ga gle, gd gla, gl glg, gn grn, gu guj, gv glv, ha hau,
he heb, hi hin, ho hmo, hr hrv, ht hat, hu hun, hy hye, hz her, ia ina, id ind, ie ile,
ig ibo, ii iii, ik ipk, io ido, is isl, it ita, iu iku, ja jpn, jv jav, ka kat, kg kon,
ki kik, kj kua, kk kaz, kl kal, km khm, kn kan, ko kor, kr kau, ks kas, ku kur, kv kom,
kw cor, ky kir, la lat, lb ltz, lg lug, li lim, ln lin, lo lao, lt lit, lu lub, lv lav,
mg mlg, mh mah, mi mri, mk mkd, ml mal, mn mon, mr mar, ms msa, mt mlt, my mya, na nau,
nb nob, nd nde, ne nep, ng ndo, nl nld, nn nno, no nor, nr nbl, nv nav, ny nya, oc oci,
oj oji, om orm, or ori, os oss, pa pan, pi pli, pl pol, ps pus, pt por, qu que, rm roh,
rn run, ro ron, ru rus, rw kin, sa san, sc srd, sd snd, se sme, sg sag, si sin, sk slk,
sl slv, sm smo, sn sna, so som, sq sqi, sr srp, ss ssw, st sot, su sun, sv swe, sw swa,
ta tam, te tel, tg tgk, th tha, ti tir, tk tuk, tl tgl, tn tsn, to ton, tr tur, ts tso,
tt tat, tw twi, ty tah, ug uig, uk ukr, ur urd, uz uzb, ve ven, vi vie, vo vol, wa wln,
wo wol, xh xho, yi yid, yo yor, za zha, zh zho, zu zul
"""
_THREE_LETTERS = dict(pair.split() for pair in _ISO_639.replace("\n", " ").split(","))
_TWO_LETTERS = {long: short for short, long in _THREE_LETTERS.items()}
# the individual language that releases have for a code of several languages
_INDIVIDUAL = {
    "ar": "arb", "az": "azj", "et": "ekk", "fa": "pes", "lv": "lvs", "mg": "plt", "mn": "khk",
    "ms": "zsm", "ne": "npi", "no": "nob", "om": "gaz", "or": "ory", "ps": "pbt", "sq": "als",
    "sw": "swh", "uz": "uzn", "yi": "ydd", "zh": "cmn",
}  # fmt: skip


def by_language(codes: Iterable[str]) -> dict[str, str]:
    """Return a study's language code to a release's three-letter code, in the release's order."""
    return {study_code(code): code for code in codes}


def study_code(code: str) -> str:
    """Return a study's code for a code of ISO 639-3 or FLORES-200: two letters if there are any."""
    return _TWO_LETTERS.get(code) or variety_code(code)


def varieties_of(language: str) -> list[str]:
    """Return the codes with a script that studies use for varieties of a language."""
    codes = set(release_codes(language))
    return [code for code in VARIETIES if "_" in code and code.partition("_")[0] in codes]


def release_codes(language: str) -> list[str]:
    """Return the codes that the file names of a release may have for a study's language code."""
    codes = [language, _THREE_LETTERS.get(language), _INDIVIDUAL.get(language)]
    return list(dict.fromkeys(code for code in codes if code))
