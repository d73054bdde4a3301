"""Examples of a study for notebooks and other programs: a ``datasets.Dataset`` with label names."""

from __future__ import annotations

import glob
import tempfile
from pathlib import Path

from datasets import ClassLabel, Dataset, List

from xstilts.manifest import require_whole


def load_examples(path: str | Path) -> Dataset:
    """Load a data set of a study, its labels as numbers with names (``ClassLabel``).

    ``datasets.load_dataset("parquet", data_files=...)`` opens the same file with labels as text.

    Args:
        path: Parquet file below a study's ``data/``, next to its manifest.

    Returns:
        The examples, in memory. Labels are in the task's order, or, where the training data
        define them, in alphabetical order.

    Raises:
        UserError: it has no manifest, or is damaged.
    """
    path = Path(path)
    manifest = require_whole(path.with_suffix(".json"))
    with tempfile.TemporaryDirectory(prefix="xstilts-") as scratch:
        # not load_dataset, which reports each use to the hub
        examples: Dataset = Dataset.from_parquet(
            glob.escape(str(path)), cache_dir=scratch, keep_in_memory=True
        )
    declared = manifest.identity["declared"]
    names = ClassLabel(names=declared["labels"] or sorted(manifest.facts["labels"]))
    if declared["kind"] == "classification":
        return examples.cast_column("label", names)
    if declared["kind"] == "tagging":
        return examples.cast_column("tags", List(names))
    return examples
