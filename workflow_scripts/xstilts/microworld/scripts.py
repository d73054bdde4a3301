"""Writing systems: an alphabet of 26 letters each, for the letters a to z."""

from __future__ import annotations

import string


def _letters(*ranges: tuple[int, int], without: str = "") -> str:
    """The first 26 letters of inclusive code point ranges."""
    letters = [chr(code) for first, last in ranges for code in range(first, last + 1)]
    return "".join(letter for letter in letters if letter not in without)[:26]


ALPHABETS: dict[str, str] = {
    "latin": string.ascii_lowercase,
    # Only letters that no Unicode normalisation or lower-casing changes: a tokenizer that strips
    # accents would otherwise merge two words.
    "cyrillic": "абцдефгхижклмнопярстувшчыз",
    "greek": "αβψδεφγηιξκλμνοπϙρστυϝωχθζ",
    "armenian": _letters((0x561, 0x586)),
    "georgian": _letters((0x10D0, 0x10F0)),
    "hebrew": _letters((0x5D0, 0x5EA)),
    "arabic": _letters((0x628, 0x628), (0x62A, 0x63A), (0x641, 0x64A), without="\u0649"),
    "devanagari": _letters((0x915, 0x939), without="\u0929\u0931\u0934"),
    "bengali": _letters((0x995, 0x9A8), (0x9AA, 0x9B0), (0x9B2, 0x9B2), (0x9B6, 0x9B9)),
    "thai": _letters((0xE01, 0xE2E)),
    "telugu": _letters((0xC15, 0xC28), (0xC2A, 0xC39)),
    "tifinagh": _letters((0x2D30, 0x2D65)),
}
_TABLES = {name: str.maketrans(string.ascii_lowercase, a) for name, a in ALPHABETS.items()}


def transliterate(word: str, script: str) -> str:
    """Transliterate the letters a to z of a word to another writing system; keep other signs."""
    return word.translate(_TABLES[script])
