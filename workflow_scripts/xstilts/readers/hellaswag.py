"""HellaSwag's release: JSON lines with a context and four endings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.readers.choices import Examples, label_of, text_of, value_of
from xstilts.readers.lines import json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

_LABELS = ("0", "1", "2", "3")


def read_hellaswag(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Yield contexts with four endings each.

    The last, unfinished sentence of a context (``ctx_b``: "then, the man") belongs to each ending,
    as in jiant (``jiant/tasks/lib/hellaswag.py``) and in HellaSwag's own code. A file that has the
    whole ``ctx`` only keeps it as the context. Labels may be numbers or text.

    Args:
        paths: files, read one after the other; ids are their ``ind``.
        language: not used; a file has one language.

    Yields:
        Rows in the schema "multiple_choice".

    Raises:
        UserError: a truncated or empty file, a missing key, an unknown or missing label; names
            file and line.
    """
    examples = Examples(num_choices=len(_LABELS))
    for path in paths:
        for where, item in json_lines(path):
            opening = ""
            if "ctx_a" in item:
                context = text_of(item, "ctx_a", where)
                opening = text_of(item, "ctx_b", where, empty=True).strip()
            else:
                context = text_of(item, "ctx", where)
            endings = value_of(item, "endings", where)
            if opening and isinstance(endings, list):
                # a missing ending is reported by the check of the choices
                endings = [f"{opening} {e}" if isinstance(e, str) and e else e for e in endings]
            yield examples.row(
                where,
                str(value_of(item, "ind", where)),
                context,
                None,
                endings,
                label_of(value_of(item, "label", where), _LABELS, where),
            )
