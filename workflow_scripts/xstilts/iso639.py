"""Language codes: studies use ISO 639-1 where it has a code, many releases use ISO 639-3."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# three-letter codes of releases, to two letters
_TWO_LETTERS = {
    "amh": "am", "aym": "ay", "bam": "bm", "eng": "en", "ewe": "ee", "fra": "fr", "hau": "ha",
    "ibo": "ig", "kin": "rw", "lin": "ln", "lug": "lg", "nya": "ny", "orm": "om", "sna": "sn",
    "sot": "st", "swa": "sw", "tsn": "tn", "twi": "tw", "wol": "wo", "xho": "xh", "yor": "yo",
    "zul": "zu",
}  # fmt: skip


def by_language(codes: Iterable[str]) -> dict[str, str]:
    """Return a study's language code to a release's three-letter code, in the release's order."""
    return {_TWO_LETTERS.get(code, code): code for code in codes}
