"""Labels by name, whatever a file calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xstilts.readers.hub_table import Table


class Labels:
    """Maps the values of a label column on the hub to the label names of a task."""

    def __init__(
        self,
        table: Table,
        column: str,
        labels: Sequence[str],
        names: Sequence[str] = (),
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare the mapping for one column.

        Args:
            table: the file.
            column: integers, or text that is a name or a number.
            labels: the label names of the task; empty if the data define them.
            names: the hub's names in the hub's order, for files whose metadata has none.
            renamed: maps values of the column, or names on the hub, to the task's names, where
                the two differ.
        """
        self._names = table.names(column) or tuple(names)
        self._column = column
        self._labels = labels
        self._renamed = dict(renamed or {})

    def __call__(self, value: Any, where: str) -> str | None:
        """Return the label of a value; None for -1, "-" and empty text, which mean "no label".

        Args:
            value: from the column.
            where: location of the row.

        Raises:
            UserError: no such label, or a number for which no name is known.
        """
        if isinstance(value, bool):
            # as JSON writes it
            value = str(value).lower()
        name = str(value)
        if value is not None and name in self._renamed:
            return self._known(name, where)
        if value is None or (name in ("-1", "-", "") and name not in self._labels):
            return None
        if isinstance(value, int) or name not in self._labels:
            name = self._named(value, f"{where}: column {self._column!r}")
        return self._known(name, where)

    def _known(self, name: str, where: str) -> str:
        label = self._renamed.get(name, name)
        if self._labels and label not in self._labels:
            # what the file may have: a label under its own name, or one that is renamed
            changed = set(self._renamed.values())
            accepted = [*self._renamed, *(name for name in self._labels if name not in changed)]
            raise unknown("label", name, accepted, f"{where}: column {self._column!r}")
        return label

    def _named(self, value: Any, where: str) -> str:
        name = str(value)
        if not isinstance(value, int) and not name.isdecimal():
            return name
        if not self._names:
            if not self._labels or name in self._labels:
                return name
            raise UserError(
                f"{where}: the label is the number {value}, but neither the file's metadata nor "
                "the task says which label it is, and sources number labels differently. Give the "
                "names: `labels: {0: NAME, 1: NAME}` in the study, or `names` in the task's file."
            )
        if not 0 <= int(value) < len(self._names):
            raise unknown("label number", value, map(str, range(len(self._names))), where)
        return self._names[int(value)]
