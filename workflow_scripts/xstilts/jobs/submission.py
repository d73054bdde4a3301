"""Submissions: the predictions of one chain as a folder to submit or to ``xstilts score``."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.grid import submissions
from xstilts.layers import layer_at
from xstilts.manifest import checked_file, full_identity, write_manifest
from xstilts.paths import data_file, input_name
from xstilts.schema_metadata import read_metadata, require_undamaged
from xstilts.submission.benchmarks import SPECS
from xstilts.submission.write import write_language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xstilts.grid import Grid
    from xstilts.layers import Depth

LOGGER = logging.getLogger(__name__)


def write_submission(
    identity: Mapping[str, Any],
    *,
    predictions: Mapping[str, Mapping[str, str]],
    data: Mapping[str, Mapping[str, str]],
    manifest: Path,
) -> None:
    """Write ``labels/TASK/test-LANGUAGE`` and ``predictions/…``, and last the manifest.

    Args:
        identity: declared identity (``xstilts.grid.submissions.identity``).
        predictions: task to language to the workflow's prediction file.
        data: task to language to the data manifest, needed for retrieval.
        manifest: the manifest to write.

    Raises:
        UserError: a prediction file is missing, damaged, or does not fit the layout.
    """
    files = _write(identity, predictions, data, manifest.parent)
    inputs = {
        input_name(path): read_metadata(Path(path))["id"]
        for languages in predictions.values()
        for path in languages.values()
    }
    write_manifest(
        manifest,
        full_identity(identity, inputs),
        files={file.relative_to(manifest.parent).as_posix(): file for file in files},
        facts={"tasks": {task: len(languages) for task, languages in predictions.items()}},
    )


def _write(
    identity: Mapping[str, Any],
    predictions: Mapping[str, Mapping[str, str]],
    data: Mapping[str, Mapping[str, str]],
    folder: Path,
) -> list[Path]:
    """Write the files of the submission, instead of those of an earlier one, and return them."""
    for part in ("labels", "predictions"):
        shutil.rmtree(folder / part, ignore_errors=True)
    files = []
    for task, languages in predictions.items():
        kind = identity["targets"][task]["kind"]
        for language, path in languages.items():
            layer = examples = None
            metadata = require_undamaged(Path(path))
            if task in identity["depths"]:
                layer = _layer(identity["depths"][task], metadata, path)
            if kind == "retrieval":
                examples = Path(data_file(data[task][language]))
                checked_file(Path(data[task][language]), examples.name)
            files += write_language(
                task, kind, language, Path(path), layer=layer, data=examples, out=folder
            )
        LOGGER.info("%s: %d languages", task, len(languages))
    return files


def _layer(depth: Depth, metadata: Mapping[str, Any], predictions: str) -> int:
    """Return the layer that the protocol prescribes, for the model of the predictions."""
    if "num_layers" not in metadata:
        raise UserError(
            f"{predictions}: not a complete prediction file. Delete it to predict it again."
        )
    return layer_at(depth, int(metadata["num_layers"]))


def write_available(grid: Grid) -> list[str]:
    """Write each task whose languages are all predicted; return a line per submission.

    An incomplete submission gets no manifest, so that it is not mistaken for a complete one.

    Raises:
        UserError: no target of the study belongs to a benchmark with this layout.
    """
    declared = submissions.identity(grid)
    if not declared["targets"]:
        raise UserError(
            f"targets: none of {', '.join(grid.targets)} belongs in a submission, which has the "
            f"test sets of {', '.join(sorted(SPECS))}. Add one of these as a target."
        )
    lines = []
    for submission in submissions.all_submissions(grid):
        wanted = submissions.prediction_files(grid, submission)
        complete = {
            task: files
            for task, files in wanted.items()
            if all("id" in read_metadata(Path(file)) for file in files.values())
        }
        manifest = Path(submissions.manifest(grid, submission))
        if len(complete) == len(wanted):
            data = submissions.candidate_data(grid)
            write_submission(declared, predictions=complete, data=data, manifest=manifest)
        else:
            manifest.unlink(missing_ok=True)
            _write(declared, complete, submissions.candidate_data(grid), manifest.parent)
        absent = [task for task in wanted if task not in complete]
        note = f" (not predicted: {', '.join(absent)})" if absent else ""
        lines.append(f"{manifest.parent}: {', '.join(complete) or 'nothing'}{note}")
    return lines
