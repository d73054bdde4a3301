"""The map from label names to class numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xstilts.errors import UserError, unknown
from xstilts.tokens.store import TokenTable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class LabelIndex:
    """Class numbers of a closed list of label names."""

    index: dict[str, int]

    def of(self, label: str, example: str) -> int:
        """Return the class number of ``label``.

        Raises:
            UserError: it is not in the list; names the example.
        """
        try:
            return self.index[label]
        except KeyError:
            raise unknown("label", label, self.index, f"example {example!r}") from None


def labels_of_members(paths: Sequence[Path]) -> tuple[str, ...]:
    """Return the label names, in class order, of the token files of one task.

    For tasks whose labels are those of their training data.

    Raises:
        UserError: the labels of the files differ, so that they cannot share a head.
    """
    found = {path: tuple(TokenTable.open(path).metadata["labels"]) for path in paths}
    if len(set(found.values())) > 1:
        counts = ", ".join(f"{path} ({len(labels)} labels)" for path, labels in found.items())
        raise UserError(
            f"{counts}: the labels of this task are those of its training data, and these differ. "
            "Train on one of them, or in stages one after the other."
        )
    return next(iter(found.values()))


def label_index(labels: Sequence[str]) -> LabelIndex:
    """Number the labels in the given order."""
    return LabelIndex({label: number for number, label in enumerate(labels)})
