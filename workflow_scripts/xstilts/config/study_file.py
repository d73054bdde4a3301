"""Reading of a YAML file that a user wrote or was sent, bounded in time and memory.

A small file can be too much: aliases of aliases that expand to gigabytes, an alias inside its own
anchor, brackets a million levels deep. All are found before anything is expanded. Snakemake reads a
file of ``--configfile`` first, by its own means; this module then reads it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from xstilts.errors import UserError, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES = 1_000_000
"""Largest study file; the largest of the shipped ones has about 10,000 bytes."""
MAX_DEPTH = 40
"""Largest number of mappings and lists inside each other."""
MAX_VALUES = 200_000
"""Largest number of keys and values, each alias counted as what it repeats."""
TEMPLATE_KEY = "__use_yte__"
"""Key with which Snakemake would run the Python expressions of a file."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS = "tag:yaml.org,2002:"
_TEXT = {f"{_TAGS}{name}" for name in ("str", "merge", "value")}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class StudyFile(NamedTuple):
    """The content of a YAML file."""

    node: yaml.MappingNode | None
    """Syntax tree, with lines; None for an empty file."""
    values: dict[Any, Any]


def read_study_file(file: Path) -> StudyFile:
    """Read a YAML file with keys at the top level.

    Raises:
        UserError: no such file, not a regular file, too large, not UTF-8, not YAML, or no mapping;
            names file and line.
    """
    text = _text(file)
    try:
        _check_depth(text, file)
        node = yaml.compose(text, Loader=_Loader)
        if node is None:
            return StudyFile(None, {})
        if not isinstance(node, yaml.MappingNode) or node.tag != f"{_TAGS}map":
            raise UserError(
                f"{file}:{_line(node)}: the file has no keys at the top level. Write `key: value` "
                "lines, as in config.yaml."
            )
        _Checks(file).check(node)
        return StudyFile(node, yaml.load(text, Loader=_Loader) or {})
    except yaml.YAMLError as error:
        raise UserError(_not_yaml(error, file, text)) from None


def _text(file: Path) -> str:
    """Return the text of a regular UTF-8 file of moderate size."""
    if not file.exists():
        raise UserError(f"{file}: no such study file. Run this in the project's folder.")
    if not file.is_file():
        raise UserError(f"{file}: not a file. Give the study's YAML file.")
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror}).") from None
    if len(content) > MAX_BYTES:
        raise UserError(f"{file}: larger than {MAX_BYTES:,} bytes: not a study file.")
    if content.startswith(_UTF16) or b"\0" in content:
        line = content.partition(b"\0")[0].count(b"\n") + 1
        raise UserError(f"{file}:{line}: not UTF-8 but UTF-16 or binary. Save the file as UTF-8.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{file}:{line}: the byte 0x{content[error.start]:02x} is not UTF-8. Save the file as "
            "UTF-8."
        ) from None


def _check_depth(text: str, file: Path) -> None:
    """Raise a UserError for deep nesting, before a recursive function meets it."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise _too_deep(file, line)


def _too_deep(file: Path, line: int) -> UserError:
    return UserError(
        f"{file}:{line}: more than {MAX_DEPTH} lists and mappings inside each other. No key of a "
        "study is nested so deeply; check the brackets."
    )


class _Checks:
    """Bounds, duplicate keys and values that cannot be read, of one file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._sizes: dict[int, tuple[int, int]] = {}
        self._open: set[int] = set()

    def check(self, root: yaml.MappingNode) -> None:
        """Raise a UserError for the first fault."""
        self._size(root)
        for key, value in root.value:
            if key.value == TEMPLATE_KEY and value.value not in ("false", "False", "no"):
                raise UserError(
                    f"{self._file}:{_line(key)}: {TEMPLATE_KEY} makes Snakemake run the Python "
                    "expressions of this file. Studies are plain YAML: write the values."
                )

    def _size(self, node: yaml.Node, path: str = "") -> tuple[int, int]:
        """Return number of values and depth of a node with all its aliases expanded.

        Args:
            node: the node.
            path: its key path, for messages.
        """
        if id(node) in self._sizes:
            return self._sizes[id(node)]
        if isinstance(node, yaml.ScalarNode):
            self._check_scalar(node)
            return 1, 0
        if id(node) in self._open:
            raise UserError(
                f"{self._file}:{_line(node)}: an alias (*NAME) inside the value that it repeats, "
                "which has no end. Write the value out."
            )
        self._open.add(id(node))
        parts = [self._size(part, name) for name, part in self._parts(node, path)]
        self._open.remove(id(node))
        size = 1 + sum(values for values, _ in parts)
        depth = 1 + max((depth for _, depth in parts), default=0)
        if size > MAX_VALUES:
            raise UserError(
                f"{self._file}:{_line(node)}: more than {MAX_VALUES:,} values once its aliases "
                "(*NAME) are expanded. Write out what the study needs."
            )
        if depth > MAX_DEPTH:
            raise _too_deep(self._file, _line(node))
        self._sizes[id(node)] = size, depth
        return size, depth

    def _parts(self, node: yaml.Node, path: str) -> Iterator[tuple[str, yaml.Node]]:
        """Yield key path and node of the parts of a list or mapping, whose keys are checked."""
        if not isinstance(node, yaml.MappingNode):
            yield from ((f"{path}[{index}]", part) for index, part in enumerate(node.value))
            return
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = _line(key)
            if not isinstance(key, yaml.ScalarNode):
                raise UserError(f"{self._file}:{line}: a list or mapping as a key. Write a name.")
            if key.value in seen:
                raise UserError(
                    f"{self._file}:{line}: {path or 'the study'} has the key "
                    f"{shortened(key.value)} twice (first in line {seen[key.value]}). Rename one."
                )
            seen[key.value] = line
            yield from ((path, key), (f"{path}.{key.value}".lstrip("."), value))

    def _check_scalar(self, node: yaml.ScalarNode) -> None:
        """Raise a UserError for a value that YAML reads as a date or number that does not exist."""
        if node.tag in _TEXT:
            return
        try:
            yaml.SafeLoader("").construct_object(node)
        except yaml.YAMLError:
            # the loader's message has the line
            raise
        except (ValueError, OverflowError, TypeError, LookupError, AttributeError) as error:
            raise UserError(
                f"{self._file}:{_line(node)}: {shortened(node.value, 40)} cannot be read as its "
                f"type ({error!s:.120}). Correct it, or write it in quotes if it is text."
            ) from None


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _not_yaml(error: yaml.YAMLError, file: Path, text: str) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    where = f"{file}:{mark.line + 1}" if mark else f"{file}"
    parts = [getattr(error, name, None) for name in ("context", "problem")]
    reason = "; ".join(str(part) for part in parts if part) or str(error).partition("\n")[0]
    lines = (text + "\n").split("\n")
    before = lines[mark.line][: mark.column + 1] if mark and mark.line < len(lines) else ""
    hint = " Indent with blanks, not tabs." if "\t" in before else ""
    return f"{where}: not valid YAML: {reason}.{hint}"
