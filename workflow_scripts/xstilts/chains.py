"""The chain notation: ``TASK@LANGUAGE`` members, ``+`` mixtures, ``~`` sequences.

A stage label such as ``mnli+squad_v1`` or ``pawsx@de`` is readable, safe in paths, and the same
for the same training sets in the same order; a chain is its stage labels joined by ``~``, and the
empty chain is ``none``. ``mnli+target`` is no stage of its own: the target's stage trains on mnli
as well.

``squad_v1@de:translated`` is the source language's training set in a machine's German. In paths it
is a language of its own, ``de-translated``: a colon is not safe in file names everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from xstilts.errors import unknown

EMPTY_CHAIN = "none"
STAGE_JOINER = "~"
MEMBER_JOINER = "+"
TRANSLATED = "translated"
TARGET = "target"
"""Stands in a strategy's last mixture for the target's own training sets: `{mnli, T}`."""


@dataclass(frozen=True, order=True, slots=True)
class Member:
    """One training set of a mixture."""

    task: str
    language: str
    """The path segment: a language code, or that of translated data (``de-translated``)."""

    @classmethod
    def parse(cls, text: str, source_language: str, where: str = "mixture") -> Member:
        """The member written ``TASK`` (in the source language) or ``TASK@LANGUAGE[:translated]``.

        Raises:
            UserError: something else stands after the colon; ``where`` is its place.
        """
        task, at, language = text.partition("@")
        language, colon, origin = (part.strip() for part in language.partition(":"))
        if colon:
            if origin != TRANSLATED:
                raise unknown(f"origin of {text!r}", origin, [TRANSLATED], where)
            language = translated(language)
        return cls(task.strip(), language if at else source_language)

    def label(self, source_language: str) -> str:
        """The shortest notation that parses back to this member."""
        return self.task if self.language == source_language else f"{self.task}@{self.language}"


def translated(language: str) -> str:
    """The path segment of data that a machine translated into a language."""
    return f"{language}-{TRANSLATED}"


def translation_language(segment: str) -> str | None:
    """The language of translated data; None for a segment that is a language's own."""
    language, dash, origin = segment.rpartition("-")
    return language if dash and origin == TRANSLATED else None


def stage_label(
    members: tuple[Member, ...], source_language: str, *, with_target: bool = False
) -> str:
    """The label of a stage that was not given a name."""
    labels = [member.label(source_language) for member in members]
    return MEMBER_JOINER.join([*labels, TARGET] if with_target else labels)


def chain_label(stages: tuple[str, ...]) -> str:
    """The path segment of a chain of stage labels."""
    return STAGE_JOINER.join(stages) or EMPTY_CHAIN


def chain_text(stages: tuple[str, ...], target: str | None = None) -> str:
    """The chain as people write it: ``squad_v1 → mnli → xnli``."""
    return " → ".join((*stages, target) if target else stages) or EMPTY_CHAIN
