"""The audit of overlap between training and evaluation data of a study."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pyarrow.csv as pacsv

from xstilts.data.overlap import overlap
from xstilts.files import atomic_path
from xstilts.manifest import contents

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def audit_overlap(trained: Sequence[Path], evaluated: Sequence[Path], table: Path) -> None:
    """Write the audit; warn about each evaluation set that shares text with a training set.

    Args:
        trained: manifests of all training sets.
        evaluated: manifests of all evaluation sets.
        table: the CSV file to write.

    Raises:
        UserError: a data set is missing or damaged.
    """
    contents([*trained, *evaluated])
    result = overlap(
        [path.with_suffix(".parquet") for path in trained],
        [path.with_suffix(".parquet") for path in evaluated],
    )
    for row in result.to_pylist():
        if row["overlapping"]:
            logging.getLogger("xstilts").warning(
                "%(task)s %(language)s (%(split)s): the %(field)s of %(overlapping)d of "
                "%(examples)d examples shares text with %(trained_on)s, e.g. %(first_id)s",
                row,
            )
    with atomic_path(table) as temporary:
        pacsv.write_csv(result, temporary)
