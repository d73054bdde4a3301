"""Snakemake's metadata of output files: ``.snakemake/metadata``, one JSON file per output.

For each output file, Snakemake 9 stores the parameters of its job (``params``, as the text of
Python values) and the checksums of its inputs (``input_checksums``), and runs the job again if they
differ (``snakemake.persistence``: ``FilePersistence``, ``params_changed``).
"""

from __future__ import annotations

import ast
import base64
import binascii
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.files import read_json, write_text
from xstilts.identity import canonical, differences

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(".snakemake")
_PART = 254
"""Longest part of a metadata file's path: one less than a file name may have, for the ``@``."""


def _output_of(entry: Path) -> str | None:
    """Return the output file of a metadata file, whose path is base64, split if it is long."""
    text = "".join(part.removeprefix("@") for part in entry.parts)
    try:
        return base64.urlsafe_b64decode(text).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _entry_of(metadata: Path, output: str) -> Path:
    """Return the metadata file of an output: the inverse of :func:`_output_of`."""
    name = base64.urlsafe_b64encode(output.encode()).decode()
    parts = [name[start : start + _PART] for start in range(0, len(name), _PART)]
    return metadata.joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1])


class SnakemakeMetadata:
    """The metadata of all output files of a working directory."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Find the metadata files.

        Args:
            folder: ``.snakemake``; if it is missing, there is no metadata.
        """
        self._folder = folder
        metadata = folder / "metadata"
        self._entries = {
            output: entry
            for entry in metadata.rglob("*")
            if entry.is_file() and (output := _output_of(entry.relative_to(metadata)))
        }
        self._read: dict[str, dict[str, Any]] = {}
        self._changed: set[str] = set()

    @property
    def outputs(self) -> list[str]:
        """Paths of the output files with metadata."""
        return list(self._entries)

    def _of(self, output: str) -> dict[str, Any]:
        if output not in self._read:
            entry = self._entries.get(output)
            values = read_json(entry) if entry else {}
            self._read[output] = values if isinstance(values, dict) else {}
        return self._read[output]

    def _position(self, output: str, declared: Mapping[str, Any]) -> tuple[int, Any] | None:
        """Return index and value of the declared identity among the parameters of an output."""
        for index, text in enumerate(self._of(output).get("params") or []):
            try:
                value = ast.literal_eval(text)
            except (ValueError, SyntaxError):
                continue
            if isinstance(value, dict) and {"code", *value} == {"code", *declared}:
                return index, value
        return None

    def declared(self, output: str, like: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the declared identity with which an output was made; None if unknown.

        Args:
            output: path of the file.
            like: its current declared identity, which has the same keys.
        """
        found = self._position(output, like)
        return found[1] if found else None

    def checksums(self, output: str) -> dict[str, str]:
        """Return path to checksum (``sha256:HEX``) of the inputs that an output was made from."""
        return dict(self._of(output).get("input_checksums") or {})

    def accept_code(self, output: str, declared: dict[str, Any]) -> None:
        """Replace the declared identity of an output, if only the code differs.

        Args:
            output: path of the file.
            declared: the identity, with keys in the order of the rule's parameter.
        """
        found = self._position(output, declared)
        if found is None or found[1] == declared:
            return
        index, value = found
        if all(is_code(key) for key, _, _ in differences(value, declared)):
            params = self._of(output)["params"]
            params[index] = repr(declared)
            params.sort()
            self._changed.add(output)

    def replace_checksums(self, changed: Mapping[str, tuple[str, str]]) -> None:
        """Replace the checksums of input files that were rewritten.

        Args:
            changed: path to the SHA-256 before and after, in hex.
        """
        for output in self._entries:
            checksums = self._of(output).get("input_checksums") or {}
            for file in changed.keys() & checksums.keys():
                old, new = changed[file]
                if checksums[file] in {old, f"sha256:{old}"}:
                    checksums[file] = f"sha256:{new}"
                    self._changed.add(output)

    def has(self, output: str) -> bool:
        """Return True if an output has metadata."""
        return output in self._entries

    def recorded_at(self, output: str) -> int:
        """Return the time in ns at which the metadata of an output were written; 0 without any."""
        return self._entries[output].stat().st_mtime_ns if output in self._entries else 0

    def touch(self, output: str) -> None:
        """Note that the metadata of an output, if it has any, describe its present content."""
        if output in self._entries:
            os.utime(self._entries[output])

    def add(self, output: str, params: list[str], version: int) -> None:
        """Write metadata of an output with these parameters, and nothing else that is compared.

        Args:
            output: path of the file.
            params: the parameters with which it was made, as text.
            version: version of the format.
        """
        # Snakemake takes metadata without this folder for those of an old version
        (self._folder / "incomplete").mkdir(parents=True, exist_ok=True)
        entry = _entry_of(self._folder / "metadata", output)
        values = {"params": params, "record_format_version": version}
        write_text(entry, canonical(values), durable=False)
        self._entries[output] = entry
        self._read.pop(output, None)

    def write(self) -> None:
        """Write the metadata files that changed."""
        for output in sorted(self._changed):
            write_text(self._entries[output], canonical(self._read[output]), durable=False)
        self._changed.clear()


def is_code(key: str) -> bool:
    """Return True if a dotted key of an identity, or of its declared part, belongs to the code."""
    return f"{key.removeprefix('declared.')}.".startswith("code.")
