"""Checks of examples that the readers of multiple-choice data share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xstilts.kinds import Row


def value_of(item: Mapping[str, Any], key: str, where: str) -> Any:
    """The value of a required key.

    Raises:
        UserError: the key is missing; names the existing ones.
    """
    if key not in item:
        raise UserError(f"{where}: no key {key!r}; found: {', '.join(item) or '(nothing)'}.")
    return item[key]


def text_of(item: Mapping[str, Any], key: str, where: str, *, empty: bool = False) -> str:
    """The text of a required key.

    Raises:
        UserError: the key is missing, or its value is not text, or empty but must not be.
    """
    value = value_of(item, key, where)
    if not isinstance(value, str):
        raise UserError(f"{where}: {key} is {value!r:.60}, not text.")
    if not empty and not value.strip():
        raise UserError(f"{where}: {key} is empty. The file is damaged; fetch it again.")
    return value


def label_of(value: object, names: Sequence[str], where: str) -> int:
    """The index of the right choice, from 0.

    Args:
        value: the label in the file, as text or number.
        names: the release's names of the choices, in order.
        where: file and line.

    Raises:
        UserError: the label names no choice; an empty one means a test set without labels.
    """
    name = str(value).strip() if isinstance(value, str | int) else repr(value)
    if name in names:
        return names.index(name)
    # how releases and hubs write a label that is withheld
    if name in ("", "-1", "None"):
        raise UserError(
            f"{where}: no label ({value!r}). Test sets come without labels; use a split that has "
            "them."
        )
    raise unknown("label", name, names, where)


@dataclass
class Examples:
    """Builds the examples of a data set, checking their ids and their number of choices."""

    num_choices: int
    """Choices of every example."""
    _first_seen: dict[str, str] = field(default_factory=dict)

    def row(
        self,
        where: str,
        identifier: str,
        context: str,
        question: str | None,
        choices: list[str],
        label: int,
    ) -> Row:
        """Return one example in the schema "multiple_choice".

        Raises:
            UserError: another number of choices, an empty choice, or an id that occurs twice.
        """
        if not isinstance(choices, list) or len(choices) != self.num_choices:
            found = len(choices) if isinstance(choices, list) else f"{choices!r:.60} for"
            raise UserError(
                f"{where}: {found} choices, expected {self.num_choices}. "
                "The line is damaged, or it is from another data set."
            )
        for number, choice in enumerate(choices, start=1):
            if not isinstance(choice, str) or not choice.strip():
                raise UserError(
                    f"{where}: choice {number} is {choice!r:.60}, not text. The file is damaged; "
                    "fetch it again."
                )
        if identifier in self._first_seen:
            raise UserError(
                f"{where}: id {identifier!r} also occurs at {self._first_seen[identifier]}. "
                "Predictions are keyed by id; remove one of the two."
            )
        self._first_seen[identifier] = where
        return {
            "id": identifier,
            "context": context,
            "question": question,
            "choices": choices,
            "label": label,
        }

    def __len__(self) -> int:
        return len(self._first_seen)
