"""The chain notation: ``TASK@LANGUAGE`` members, ``+`` mixtures, ``~`` sequences.

A stage label such as ``mnli+squad_v1`` or ``pawsx@de`` is readable, safe in paths, and the same
for the same training sets in the same order. A chain is its stage labels joined by ``~``; the
empty chain is ``none``. ``mnli+target`` is not a stage of its own: it means that the target's stage
also trains on mnli.

``squad_v1@de:translated`` is the source language's training set, machine-translated into German. In
paths it is a language of its own, ``de-translated``, since colons are not portable in file names.

In paths, a chain that is too long for a file name is the beginning of its label and a digest of the
whole label: ``panx@af+panx@ar...0123456789abcdef``. Its models' manifests contain the whole label.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from xstilts.errors import UserError, unknown
from xstilts.names import path_name

EMPTY_CHAIN = "none"
STAGE_JOINER = "~"
MEMBER_JOINER = "+"
TRANSLATED = "translated"
TARGET = "target"
"""In a strategy's last mixture, the placeholder of the target's training sets: ``{mnli, T}``."""
LONGEST_NAME = 255
"""Maximum length of a file name in bytes on Linux, macOS and Windows."""
TEMPORARY = len("..parquet.12345678.part")
"""Bytes that the name of a temporary file adds to the stem of a product (``xstilts.files``)."""
_LONGEST_CHAIN = LONGEST_NAME - len("..json.12345678.part")
"""Length up to which a chain is a path segment as it is, which its jobs' failure records permit.
Names of existing products depend on it."""
_HEAD = 60
"""Maximum number of bytes of a long chain's label in its path segment."""
_REPEATS = 20
"""Repetitions at the end of a name that Snakemake takes for an infinite recursion (9.27:
``snakemake.io.PeriodicityDetector``)."""


@dataclass(frozen=True, order=True, slots=True)
class Member:
    """One training set of a mixture."""

    task: str
    language: str
    """Path segment: a language code, or ``de-translated`` for translated data."""

    @classmethod
    def parse(cls, text: str, source_language: str, where: str = "mixture") -> Member:
        """Parse ``TASK`` (in the source language) or ``TASK@LANGUAGE[:translated]``.

        Args:
            text: the member's notation.
            source_language: language of a member without one.
            where: location in the study file, for the message.

        Raises:
            UserError: something other than ``translated`` follows the colon, or a name is not safe
                in a path.
        """
        task, at, language = text.partition("@")
        language, colon, origin = (part.strip() for part in language.partition(":"))
        if colon:
            if origin != TRANSLATED:
                raise unknown(f"origin of {text!r}", origin, [TRANSLATED], where)
            language = translated(language)
        for name in (task.strip(), language if at else source_language):
            try:
                path_name(name)
            except ValueError as error:
                raise UserError(f"{where}: {text!r}: {error}.") from None
        return cls(task.strip(), language if at else source_language)

    def label(self, source_language: str) -> str:
        """Return the shortest notation that parses back to this member."""
        return self.task if self.language == source_language else f"{self.task}@{self.language}"


def translated(language: str) -> str:
    """Return the path segment of data that was machine-translated into a language."""
    return f"{language}-{TRANSLATED}"


def translation_language(segment: str) -> str | None:
    """Return the language of translated data; None for the segment of an original language."""
    language, dash, origin = segment.rpartition("-")
    return language if dash and origin == TRANSLATED else None


def stage_label(
    members: tuple[Member, ...], source_language: str, *, with_target: bool = False
) -> str:
    """Return the label of a stage without a name of its own."""
    labels = [member.label(source_language) for member in members]
    return MEMBER_JOINER.join([*labels, TARGET] if with_target else labels)


def full_chain_label(stages: tuple[str, ...]) -> str:
    """Return the stage labels of a chain in one text of any length."""
    return STAGE_JOINER.join(stages) or EMPTY_CHAIN


def chain_label(stages: tuple[str, ...]) -> str:
    """Return the path segment of a chain of stage labels, shortened if it is too long for one."""
    label = full_chain_label(stages)
    if len(label.encode()) <= _LONGEST_CHAIN and not repeats(label):
        return label
    head = label.encode()[:_HEAD].decode(errors="ignore")
    # up to the end of a training set, if one ends there
    end = max(head.rfind(joiner) for joiner in (MEMBER_JOINER, STAGE_JOINER))
    return f"{head[:end] if end > 0 else head}...{hashlib.sha256(label.encode()).hexdigest()[:16]}"


def repeats(name: str) -> bool:
    """Return True if a name ends in so many repetitions that Snakemake refuses it as a wildcard."""
    return any(
        name.endswith(name[-size:] * _REPEATS) for size in range(1, len(name) // _REPEATS + 1)
    )


def chain_text(stages: tuple[str, ...], target: str | None = None) -> str:
    """Return a chain for display: ``squad_v1 → mnli → xnli``."""
    return " → ".join((*stages, target) if target else stages) or EMPTY_CHAIN
