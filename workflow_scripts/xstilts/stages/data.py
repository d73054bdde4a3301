"""One data set from its source: original files, the microworld, or other data (text)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xstilts.data import text
from xstilts.data.prepare import write_examples
from xstilts.files import sha256_of, write_json
from xstilts.manifest import Manifest, contents, full_identity, read_manifest, write_manifest
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.tasks.base import Row


def prepare_data(
    identity: dict[str, Any], files: Sequence[Path], examples: Path, manifest: Path
) -> Manifest:
    """Write the examples and the manifest of one (task, language, split).

    Args:
        identity: declared identity of the data set (``xstilts.grid.identities.data``).
        files: original files, or manifests of the data that text is taken from.
        examples: the Parquet file to write.
        manifest: its manifest, written last.

    Raises:
        UserError: a file is cut, malformed or empty, or has an unknown label.
    """
    where = ", ".join(map(str, files)) or f"{identity['task']} of the microworld"
    rows, inputs = _rows(identity, files)
    facts = write_examples(rows, identity["kind"], identity["labels"], examples, where)
    content = facts.pop("content")
    facts["licence"] = TASKS[identity["task"]].licence
    return write_manifest(
        manifest,
        full_identity(identity, inputs),
        files={examples.name: examples},
        facts=facts,
        content=content,
    )


def _rows(identity: dict[str, Any], files: Sequence[Path]) -> tuple[Iterator[Row], dict[str, str]]:
    """The examples, and the content of what they come from."""
    task, language, source = TASKS[identity["task"]], identity["language"], identity["source"]
    if "microworld" in source:
        from xstilts import microworld

        world = microworld.World(seed=source["seed"], num_languages=source["languages"])
        count = source["examples"]
        if task.kind == "mlm":
            # languages differ in how much text there is of them
            resource = next(item.resource for item in world.languages if item.code == language)
            count = max(1, round(count * resource))
        generated = microworld.rows(
            world,
            source["microworld"],
            language,
            identity["split"],
            count,
            difficulty=source["difficulty"],
            stream=source.get("stream", ""),
        )
        return generated, {}
    if task.kind != "mlm":
        return task.read(files, language), {file.name: sha256_of(file) for file in files}
    manifests = [file for file in files if file.suffix == ".json"]
    inputs = contents(manifests)
    inputs |= {file.name: sha256_of(file) for file in files if file not in manifests}
    data = [file.with_suffix(".parquet") if file.suffix == ".json" else file for file in files]
    if task.name == "mlm":
        return text.plain_text(data), inputs
    # of each task and split there are two files, one per language of the pair
    sides: dict[Path, dict[bool, Path]] = {}
    for file in data:
        sides.setdefault(file.parents[1] / file.name, {})[file.parent.name == language] = file
    return text.translation_pairs([(pair[True], pair[False]) for pair in sides.values()]), inputs


def check_data(manifests: Sequence[Path], checked: Path) -> None:
    """Record that every data set of the study was read; the gate before any training."""
    write_json(checked, {str(path): read_manifest(path).content for path in manifests})
