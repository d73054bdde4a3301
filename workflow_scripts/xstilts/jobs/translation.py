"""Machine translation of a training set."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from xstilts.files import sha256_of
from xstilts.gpus import Gpus, leased
from xstilts.identity import digest
from xstilts.jobs.base import checkpoint_folder
from xstilts.manifest import contents, full_identity, keep, reuse, write_manifest
from xstilts.tasks import TASKS

LOGGER = logging.getLogger(__name__)


def translate_data(
    identity: dict[str, Any],
    files: Sequence[Path],
    *,
    examples: Path,
    manifest: Path,
    state_root: Path,
    max_tokens: int,
    num_threads: int,
    gpus: Gpus | None = None,
) -> None:
    """Translate a training set, or reuse a translation of the same identity.

    Args:
        identity: declared identity of the data set (``xstilts.grid.identities.data``).
        files: manifest of the source language's data set, then files of a local model.
        examples: the Parquet file to write.
        manifest: its manifest, written last.
        state_root: folder of saved states; this job's is named by its identity.
        max_tokens: maximum tokens of a batch times beams, padding included (not the result).
        num_threads: CPU threads.
        gpus: leased while the model translates; None uses the visible devices.

    Raises:
        UserError: the model is unavailable, does not support a language, or no example is left.
    """
    source, *model_files = files
    inputs = contents([source]) | {file.name: sha256_of(file) for file in model_files}
    full = full_identity(identity, inputs)
    if reuse(manifest, full):
        LOGGER.info("reused: a translation with this identity (%s) exists", digest(full))
        return
    import torch

    # imported only after HF_HUB_OFFLINE has been set
    from xstilts.data.prepare import write_examples
    from xstilts.translation.translate import translate_rows
    from xstilts.versions import versions

    torch.set_num_threads(num_threads)
    folder, state = checkpoint_folder(identity["source"]["model"]), state_root / digest(full)
    rows = pq.read_table(source.with_suffix(".parquet")).to_pylist()
    with leased(gpus):
        result, facts = translate_rows(rows, folder, identity, state=state, max_tokens=max_tokens)
    share = 1 - len(result.rows) / len(rows)
    LOGGER.info(
        "%d of %d examples translated; %.2f %% lost: %s",
        len(result.rows), len(rows), 100 * share, result.lost,
    )  # fmt: skip
    where = (
        f"{identity['task']} translated into {identity['language']} ({len(rows)} examples, lost: "
        f"{result.lost})"
    )
    written = write_examples(result.rows, identity["kind"], identity["labels"], examples, where)
    content = written.pop("content")
    facts |= result.facts | {"model": str(folder), "versions": versions()}
    if task := TASKS.get(identity["task"]):
        facts["licence"] = task.licence
    facts |= {"source_rows": len(rows), "lost": result.lost, "share_lost": share}
    write_manifest(
        manifest, full, files={examples.name: examples}, facts=facts | written, content=content
    )
    keep(manifest)
    shutil.rmtree(state, ignore_errors=True)
