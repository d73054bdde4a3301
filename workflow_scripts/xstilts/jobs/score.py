"""Scoring of one cell, from its predictions."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from xstilts.config.protocol import PROTOCOLS
from xstilts.errors import UserError
from xstilts.identity import digest
from xstilts.layers import layer_at
from xstilts.manifest import full_identity
from xstilts.paths import input_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LOGGER = logging.getLogger(__name__)


def score_cell(
    identity: dict[str, Any],
    *,
    study: str,
    cell: Mapping[str, str],
    split: str,
    predictions: Sequence[Path],
    out: Path,
) -> None:
    """Score the predictions of a cell: one row per language and metric.

    Args:
        identity: declared identity of the scores (``xstilts.grid.identities.scores``).
        study: name of the study.
        cell: wildcards ``base``, ``seed``, ``chain``, ``target``.
        split: the evaluated split.
        predictions: ``LANGUAGE.parquet`` of each language.
        out: the Parquet file to write.

    Raises:
        UserError: a prediction file is missing, damaged, or cannot be scored.
    """
    from xstilts.results.score import score_predictions
    from xstilts.schema_metadata import require_undamaged, store_checksum

    metadata = {path: require_undamaged(path) for path in predictions}
    if lost := [str(path) for path, found in metadata.items() if "id" not in found]:
        raise UserError(
            f"{lost[0]}: not a complete prediction file. Delete it to predict it again."
        )
    layer = None
    if identity["depth"] is not None:
        num_layers = metadata[predictions[0]]["num_layers"]
        layer = layer_at(identity["depth"], num_layers)
        if identity["depth"] != 1.0:  # that of a trained head, for which the protocol has no say
            text = PROTOCOLS[identity["protocol"]].layer_text(identity["kind"], num_layers)
            LOGGER.info("sentence vectors from hidden state %s", text)
    ids = {input_name(path.as_posix()): found["id"] for path, found in metadata.items()}
    full = full_identity(identity, ids)
    common = {
        "study": study,
        "model": cell["base"],
        # several strategies may have the same chain; the tables add the strategies' names
        "strategy": cell["chain"],
        "chain": cell["chain"],
        "target": cell["target"],
        "split": split,
        "seed": int(cell["seed"]),
        "protocol": identity["protocol"],
        "identity_code": digest(identity["code"]),
    }
    score_predictions(
        {path.stem: path for path in predictions},
        identity["kind"],
        identity["headline"],
        layer,
        common,
        out,
        metadata={"id": digest(full), "identity": full},
        scorer=identity["scorer"],
    )
    store_checksum(out)
