"""The chain notation: ``TASK@LANGUAGE`` members, ``+`` mixtures, ``~`` sequences.

A stage label such as ``mnli+squad_v1`` or ``pawsx@de`` is readable, safe in paths, and the same
for the same training sets in the same order; a chain is its stage labels joined by ``~``, and the
empty chain is ``none``.
"""

from __future__ import annotations

from dataclasses import dataclass

EMPTY_CHAIN = "none"
STAGE_JOINER = "~"
MEMBER_JOINER = "+"


@dataclass(frozen=True, order=True, slots=True)
class Member:
    """One training set of a mixture."""

    task: str
    language: str

    @classmethod
    def parse(cls, text: str, source_language: str) -> Member:
        """The member written as ``TASK`` (in the source language) or ``TASK@LANGUAGE``."""
        task, at, language = text.partition("@")
        return cls(task.strip(), language.strip() if at else source_language)

    def label(self, source_language: str) -> str:
        """The shortest notation that parses back to this member."""
        return self.task if self.language == source_language else f"{self.task}@{self.language}"


def stage_label(members: tuple[Member, ...], source_language: str) -> str:
    """The label of a stage that was not given a name."""
    return MEMBER_JOINER.join(member.label(source_language) for member in members)


def chain_label(stages: tuple[str, ...]) -> str:
    """The path segment of a chain of stage labels."""
    return STAGE_JOINER.join(stages) or EMPTY_CHAIN


def chain_text(stages: tuple[str, ...], target: str | None = None) -> str:
    """The chain as people write it: ``squad_v1 → mnli → xnli``."""
    return " → ".join((*stages, target) if target else stages) or EMPTY_CHAIN
