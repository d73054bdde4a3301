"""Scores of MLQA: SQuAD's metrics, with the articles and words of the answer's language."""

from __future__ import annotations

import re
import string
import unicodedata
from functools import partial
from typing import TYPE_CHECKING

from xstilts.metrics import span

if TYPE_CHECKING:
    import pyarrow as pa

_ARTICLES = {
    "en": r"\b(a|an|the)\b",
    "es": r"\b(un|una|unos|unas|el|la|los|las)\b",
    "vi": r"\b(của|là|cái|chiếc|những)\b",
    "de": r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    # official: r"\sال^|ال", of which the first half cannot match; it matches inside words too
    "ar": "ال",
}
_HAN = re.compile("([\u4e00-\u9fa5])")


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")


def normalise(text: str, language: str) -> str:
    """The answer without case, punctuation of any script, articles and surplus white space.

    In Chinese every character is a word of its own. Languages without a rule (Hindi, and those
    that MLQA does not have) keep all words.

    Args:
        text: an answer.
        language: language of the answer, which is that of the context.

    Source: facebookresearch/MLQA ``mlqa_evaluation_v1.py`` (``normalize_answer``).
    """
    text = "".join(c for c in text.lower() if not _is_punctuation(c))
    if language in _ARTICLES:
        text = re.sub(_ARTICLES[language], " ", text)
    if language == "zh":
        text = _HAN.sub(r" \1 ", text)
    return " ".join(text.split())


def score(predictions: pa.Table, language: str) -> dict[str, float]:
    """``exact_match``, ``f1`` and their mean ``mean_em_f1``, 0-100, by MLQA's rules.

    Args:
        predictions: columns ``id``, ``gold`` (list of right answers) and ``prediction`` (text).
        language: language of the contexts.

    Raises:
        UserError: no rows, an id occurs twice, or a question has no gold answer.
    """
    return span.score(predictions, partial(normalise, language=language))
