"""The scores of one cell, from its predictions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from xstilts.config.protocol import PROTOCOLS
from xstilts.files import atomic_path
from xstilts.identity import digest
from xstilts.results.schema import METADATA_KEY
from xstilts.results.score import read_predictions, score_predictions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def _layer(identity: Mapping[str, Any], prediction: Path) -> int | None:
    """The hidden state that the protocol scores, for the depth of this model."""
    if identity["kind"] != "retrieval":
        return None
    table, _ = read_predictions(prediction, identity["kind"])
    deepest = max(table["layer"].to_pylist())
    return PROTOCOLS[identity["protocol"]].retrieval_layer(deepest)


def score_cell(
    identity: dict[str, Any],
    *,
    study: str,
    cell: Mapping[str, str],
    split: str,
    predictions: Sequence[Path],
    out: Path,
) -> None:
    """Write one row per language and metric.

    Args:
        identity: declared identity of the scores (``xstilts.grid.identities.scores``).
        study: name of the study.
        cell: wildcards ``base``, ``seed``, ``chain``, ``target``.
        split: the evaluated split.
        predictions: ``LANGUAGE.parquet`` of each language.
        out: the Parquet file to write.
    """
    common = {
        "study": study,
        "model": cell["base"],
        # several strategies may be one chain; the tables put the strategy's name
        "strategy": cell["chain"],
        "chain": cell["chain"],
        "target": cell["target"],
        "split": split,
        "seed": int(cell["seed"]),
        "protocol": identity["protocol"],
        "identity_code": digest(identity["code"]),
    }
    with atomic_path(out) as temporary:
        score_predictions(
            {path.stem: path for path in predictions},
            identity["kind"],
            identity["headline"],
            _layer(identity, predictions[0]),
            common,
            temporary,
        )
        inputs = {
            f"predictions/{'/'.join(path.parts[-5:-1])}/{path.stem}": read_predictions(
                path, identity["kind"]
            )[1]["id"]
            for path in predictions
        }
        full = {"declared": identity, "inputs": inputs}
        table = pq.read_table(temporary)
        record = json.dumps({"id": digest(full), "identity": full}, sort_keys=True)
        pq.write_table(table.replace_schema_metadata({METADATA_KEY: record}), temporary)
