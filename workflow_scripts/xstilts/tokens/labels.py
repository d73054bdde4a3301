"""From label names to class numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xstilts.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class LabelIndex:
    """Class numbers of a closed list of label names."""

    index: dict[str, int]

    def of(self, label: str, example: str) -> int:
        """The class of ``label``.

        Raises:
            UserError: it is not in the list; names the example.
        """
        try:
            return self.index[label]
        except KeyError:
            raise unknown("label", label, self.index, f"example {example!r}") from None


def label_index(labels: Sequence[str]) -> LabelIndex:
    """Class numbers in the order of ``labels``."""
    return LabelIndex({label: number for number, label in enumerate(labels)})
