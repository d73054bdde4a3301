"""Prediction of one cell, for languages that are missing or out of date."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.files import write_json
from xstilts.gpus import leased
from xstilts.identity import digest
from xstilts.manifest import contents, full_identity, require_whole
from xstilts.progress import Reporter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xstilts.gpus import Gpus
    from xstilts.progress import Progress

LOGGER = logging.getLogger(__name__)


def predict_languages(
    identity: dict[str, Any],
    *,
    model: Path,
    data: Sequence[Path],
    tokens: Sequence[Path],
    out: Sequence[Path],
    manifest: Path,
    max_tokens: int,
    num_threads: int,
    gpus: Gpus | None = None,
    report: Callable[[Progress], None] | None = None,
) -> None:
    """Predict the languages without predictions of this identity; keep the others.

    Args:
        identity: declared identity of the predictions (``xstilts.grid.identities.predictions``).
        model: manifest of the model.
        data: data manifests, one per language.
        tokens: token manifests in the same order.
        out: ``LANGUAGE.parquet`` in the same order.
        manifest: written when all languages are complete: language to identity.
        max_tokens: maximum tokens of a batch, padding included.
        num_threads: CPU threads.
        gpus: leased while the model predicts; None uses the visible devices.
        report: receives the progress; by default, writes lines to the log.
    """
    from xstilts.schema_metadata import read_metadata, store_checksum

    weights = contents([model])
    missing = []
    for data_set, token_set, path in zip(data, tokens, out, strict=True):
        full = full_identity(identity, {**weights, **contents([data_set, token_set])})
        if _is_kept(path, full):
            LOGGER.info("%s: kept, it was predicted by this model", path.stem)
        else:
            metadata = {
                "id": digest(full),
                "identity": full,
                "model": require_whole(model).id,
                "data": require_whole(data_set).content,
            }
            missing.append((data_set, token_set, path, metadata))
    if missing:
        with leased(gpus):
            _predict(identity, model, missing, max_tokens, num_threads, report or Reporter())
        for *_, path, _ in missing:
            store_checksum(path)
    write_json(manifest, {path.stem: read_metadata(path)["id"] for path in out})


def _is_kept(path: Path, full: Mapping[str, Any]) -> bool:
    """Return True if a language was predicted with this identity, and its file is not damaged."""
    from xstilts.schema_metadata import read_metadata, require_undamaged

    if digest(read_metadata(path).get("identity")) != digest(full):
        return False
    try:
        require_undamaged(path)
    except UserError as error:
        LOGGER.warning("predicted again: %s", error)
        return False
    return True


def _predict(
    identity: Mapping[str, Any],
    model: Path,
    missing: Sequence[tuple[Path, Path, Path, dict[str, Any]]],
    max_tokens: int,
    num_threads: int,
    report: Callable[[Progress], None],
) -> None:
    """Predict (data manifest, token manifest, file to write, metadata) of each language."""
    from xstilts.prediction.options import PredictOptions
    from xstilts.prediction.run import Item, predict

    items = [
        Item(
            language=path.stem,
            tokens=token_set.with_suffix(".arrow"),
            data=data_set.with_suffix(".parquet"),
            out=path,
            metadata=metadata,
        )
        for data_set, token_set, path, metadata in missing
    ]
    predict(
        model.parent,
        task=identity["task"],
        kind=identity["kind"],
        labels=identity["labels"],
        items=items,
        options=PredictOptions(head=identity["head"], **identity["decoding"]),
        max_tokens=max_tokens,
        num_threads=num_threads,
        on_language=lambda language, seconds: LOGGER.info("%s: %.1f s", language, seconds),
        report=report,
    )
