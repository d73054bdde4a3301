"""Scoring of the trivial baselines of one target, from its data alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from xstilts.files import atomic_path
from xstilts.identity import digest
from xstilts.manifest import contents, full_identity
from xstilts.schema_metadata import CHECKSUM, checksum_of_rows, with_metadata
from xstilts.trivial_baselines.run import baseline_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def score_trivial_baselines(
    identity: dict[str, Any], *, train: Sequence[Path], data: Sequence[Path], out: Path
) -> None:
    """Write one row per trivial baseline and language.

    Args:
        identity: declared identity of the trivial baselines (``grid.identities``).
        train: data manifests of the training sets.
        data: data manifests of the evaluated languages, in the identity's order.
        out: the Parquet file to write.

    Raises:
        UserError: a data set is damaged, or an example cannot be scored.
    """
    full = full_identity(identity, contents([*train, *data]))
    languages = zip(identity["languages"], data, strict=True)
    table = baseline_rows(
        [path.with_suffix(".parquet") for path in train],
        {language: path.with_suffix(".parquet") for language, path in languages},
        target=identity["target"],
        kind=identity["kind"],
        metric=identity["headline"],
        scorer=identity["scorer"],
        max_train_examples=identity["max_train_examples"],
    )
    metadata = {"id": digest(full), "identity": full}
    metadata[CHECKSUM] = checksum_of_rows(out, table, metadata)
    with atomic_path(out) as temporary:
        pq.write_table(table.cast(with_metadata(table.schema, metadata)), temporary)
