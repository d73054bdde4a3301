"""Language codes: studies use ISO 639-1 where there is one, many releases use ISO 639-3."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# of the languages for which a release uses three letters
_TWO_LETTERS = {
    "amh": "am", "aym": "ay", "bam": "bm", "eng": "en", "ewe": "ee", "fra": "fr", "hau": "ha",
    "ibo": "ig", "kin": "rw", "lin": "ln", "lug": "lg", "nya": "ny", "orm": "om", "sna": "sn",
    "sot": "st", "swa": "sw", "tsn": "tn", "twi": "tw", "wol": "wo", "xho": "xh", "yor": "yo",
    "zul": "zu",
}  # fmt: skip


def by_language(codes: Iterable[str]) -> dict[str, str]:
    """A study's language code to the three letters of a release, in the order of the release."""
    return {_TWO_LETTERS.get(code, code): code for code in codes}
