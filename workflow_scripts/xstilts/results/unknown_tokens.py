"""Shares of unknown tokens in evaluated text, by base model and language."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xstilts.manifest import facts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

NOTED = 0.01
"""Share above which tables and report name a language."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownShare:
    """The evaluated text of one language, in the tokens of one base model."""

    model: str
    language: str
    unknown: int
    """Number of unknown tokens."""
    tokens: int
    """Number of tokens, special tokens included."""

    @property
    def share(self) -> float:
        """Part of the tokens that are unknown."""
        return self.unknown / max(1, self.tokens)


def unknown_shares(manifests: Mapping[tuple[str, str], Iterable[Path]]) -> list[UnknownShare]:
    """Return the shares of languages with any unknown token, the largest first.

    Args:
        manifests: base model and language to the manifests of its tokens; those that are missing,
            or were made before unknown tokens were counted, are left out.
    """
    found = []
    for (model, language), files in manifests.items():
        total: Counter[str] = Counter()
        for facts in map(facts_of, files):
            if "num_unknown" in facts:
                total.update({key: facts[key] for key in ("num_unknown", "num_tokens")})
        if total["num_unknown"]:
            found.append(
                UnknownShare(
                    model=model,
                    language=language,
                    unknown=total["num_unknown"],
                    tokens=total["num_tokens"],
                )
            )
    return sorted(found, key=lambda item: -item.share)


def remark(shares: Iterable[UnknownShare]) -> list[str]:
    """Return a sentence that names the languages with a share above :data:`NOTED`."""
    named = [
        f"{item.language} {100 * item.share:.1f} % ({item.model})"
        for item in shares
        if item.share > NOTED
    ]
    return [f"Unknown tokens: {', '.join(named)}."] if named else []
