"""Preparation of a data set from files, downloads, the microworld, or the text of other data."""

from __future__ import annotations

import logging
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.data.row_counts import row_count_facts
from xstilts.files import sha256_of, write_json
from xstilts.jobs.download import Download, downloaded_files
from xstilts.manifest import Manifest, contents, full_identity, read_manifest, write_manifest
from xstilts.paths import input_names
from xstilts.readers.declared import reader_of
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xstilts.data import text
    from xstilts.kinds import Row
    from xstilts.tasks.base import Reader

LOGGER = logging.getLogger(__name__)


def prepare_data(
    identity: dict[str, Any], files: Sequence[Path], examples: Path, manifest: Path
) -> Manifest:
    """Write the examples and the manifest of one (task, language, split).

    Args:
        identity: declared identity of the data set (``xstilts.grid.identities.data``).
        files: original or mirrored files, or manifests of downloads and of data with text.
        examples: the Parquet file to write.
        manifest: its manifest, written last.

    Raises:
        UserError: a file is truncated, malformed or empty, or has an unknown label.
    """
    from xstilts.data.prepare import write_examples

    where = ", ".join(map(str, files)) or f"{identity['task']} of the microworld"
    downloads = [file for file in files if file.parts[2:3] == ("downloads",)]
    downloaded = [download for file in downloads for download in downloaded_files(file)]
    rows, inputs = _rows(identity, files, downloaded)
    facts = write_examples(rows, identity["kind"], identity["labels"], examples, where)
    content = facts.pop("content")
    if task := TASKS.get(identity["task"]):
        facts["licence"] = task.licence
        language, split = identity["language"], identity["split"]
        facts |= row_count_facts(task, language, split, identity["source"], facts)
        if "remark" in facts:
            LOGGER.warning("%s", facts["remark"])
    if named := _sources(identity):
        facts["sources"] = named
    if downloaded:
        facts["downloads"] = [download.facts for download in downloaded]
    return write_manifest(
        manifest,
        full_identity(identity, inputs),
        files={examples.name: examples},
        facts=facts,
        content=content,
    )


def _sources(identity: Mapping[str, Any]) -> dict[str, str]:
    """Return the source of each part of a data set, by task or repository of text.

    ``source: auto`` keeps to them (``xstilts.grid.source_choice.recorded_sources``).
    """
    source = identity["source"]
    if "text_of" in source:
        items = (item for item in source["text_of"] if isinstance(item, dict))
        return {item["repo"]: "hub" for item in items if "repo" in item}
    parts = source.get("parts", [{"task": identity["task"], "source": source}])
    return {part["task"]: name for part in parts if (name := _source_name(part["source"]))}


def _source_name(source: Mapping[str, Any]) -> str:
    """Return the name of a part's source in studies; empty for the microworld and translations."""
    if "hub" in source:
        return "hub" if "revision" in source else "mirror"
    return "url" if "releases" in source else "original" if "files" in source else ""


def _rows(
    identity: dict[str, Any], files: Sequence[Path], downloaded: Sequence[Download]
) -> tuple[Iterator[Row], dict[str, str]]:
    """Return the examples, and the content digests of their sources."""
    language, source = identity["language"], identity["source"]
    if "microworld" in source:
        from xstilts import microworld

        world = microworld.World(seed=source["seed"], num_languages=source["languages"])
        count = source["examples"]
        if identity["kind"] == "mlm":
            # languages differ in their amount of text
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
    manifests = [file for file in files if file.parts[:1] == ("results",)]
    inputs = contents(manifests)
    others = input_names(file.as_posix() for file in files if file not in manifests)
    inputs |= {name: sha256_of(Path(file)) for name, file in others.items()}
    if identity["kind"] == "mlm":
        return _text_rows(identity["task"], language, source["text_of"], downloaded), inputs
    local = [file for file in files if file not in manifests]
    if "parts" in source:
        return _read_parts(source["parts"], local, downloaded, language), inputs
    found = [file for download in downloaded for file in download.files] or local
    return _read_by(identity)(found, language), inputs


def _read_by(identity: Mapping[str, Any]) -> Reader:
    """Return the reader of a data set: its task's, or the one that the study declares.

    Args:
        identity: ``task`` and ``source``, and whatever else a declared reader needs.
    """
    task = TASKS.get(identity["task"])
    if task is None:
        return reader_of(identity)
    if "hub" not in identity["source"]:
        return task.read
    assert task.hub is not None, task.name
    return task.hub.read


def _read_parts(
    parts: Sequence[Mapping[str, Any]],
    files: Sequence[Path],
    downloaded: Sequence[Download],
    language: str,
) -> Iterator[Row]:
    """Yield the examples of a composite task, part by part; their ids are numbered on."""
    local, fetched, first = iter(files), iter(downloaded), 0
    for part in parts:
        source = part["source"]
        is_local = _source_name(source) in ("original", "mirror")
        found = list(islice(local, len(source["files"]))) if is_local else next(fetched).files
        last = -1
        for row in _read_by(part)(found, language):
            last = int(row["id"])
            yield row | {"id": str(first + last)}
        first += last + 1


def _text_rows(
    task: str, language: str, items: Sequence[Any], downloaded: Sequence[Download]
) -> Iterator[Row]:
    """Return text from data sets, files and downloads, in the order of the study."""
    from xstilts.data import text

    fetched = iter(downloaded)
    sources: list[Path | text.TextFiles] = []
    for item in items:
        if isinstance(item, str):
            file = Path(item)
            sources.append(file.with_suffix(".parquet") if file.suffix == ".json" else file)
        else:
            found = (
                next(fetched).files if "repo" in item else [Path(name) for name in item["files"]]
            )
            sources.append(text.TextFiles(tuple(found), item["column"], item["limit"]))
    if task == "mlm":
        return text.plain_text(sources)
    # each task and split has two files, one per language of the pair
    sides: dict[Path, dict[bool, Path]] = {}
    for source in sources:
        assert isinstance(source, Path), "files have no example ids to align by"
        shared = source.parents[1] / source.name
        sides.setdefault(shared, {})[source.parent.name == language] = source
    return text.translation_pairs([(pair[True], pair[False]) for pair in sides.values()])


def check_data(manifests: Sequence[Path], checked: Path) -> None:
    """Write that every data set of the study was read, which all training requires."""
    write_json(checked, {str(path): read_manifest(path).content for path in manifests})
