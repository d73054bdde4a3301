"""Splitting of texts into words, for the trivial baselines."""

from __future__ import annotations

import re
from functools import lru_cache

# scripts without spaces: one word per character; others: runs of letters and digits; each
# punctuation mark is a word
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\W_]+|[^\w\s]")


# questions about one context follow each other
@lru_cache(maxsize=256)
def words_with_offsets(text: str) -> tuple[tuple[str, int, int], ...]:
    """Lower-case words and punctuation marks, each with its start and end in the text."""
    return tuple((found[0].lower(), found.start(), found.end()) for found in _WORD.finditer(text))


def words(text: str | None) -> list[str]:
    """Lower-case words and punctuation marks; empty for None."""
    return [word for word, _, _ in words_with_offsets(text or "")]
