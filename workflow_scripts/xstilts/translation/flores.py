"""Language codes of NLLB's models: those of FLORES-200, by a study's codes."""

from __future__ import annotations

from xstilts.flores import FLORES

# varieties that the evaluation data have, but not the models: romanised text, Minangkabau in Arabic
# letters, N'Ko; the models write Santali's code with another script
_UNKNOWN = frozenset(
    "arb_Latn ben_Latn hin_Latn npi_Latn sin_Latn urd_Latn min_Arab nqo_Nkoo sat_Olck".split()
)

NLLB: dict[str, str] = {
    **{code: name for code, name in FLORES.items() if name not in _UNKNOWN},
    # languages of other tasks, in the variety of their data
    "aym": "ayr_Latn",
    "qu": "quy_Latn",
    "zh": "zho_Hans",
}
"""A study's language code to that of NLLB."""
