"""Loading of studies: YAML with line numbers, schema validation, errors with file and line."""

from __future__ import annotations

import contextlib
import datetime
import types
import typing
from types import MappingProxyType
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from xstilts.config.claims import Claims
from xstilts.config.scale import at_scale, check_without, with_small_base
from xstilts.config.section import Section
from xstilts.config.study import Study
from xstilts.config.study_file import read_study_file
from xstilts.errors import UserError, shortened, suggestion

if typing.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails

KeyPath = tuple[str | int, ...]
_Section = typing.TypeVar("_Section", bound=BaseModel)


class Lines:
    """File and line of each key path of the study."""

    def __init__(self, files: Sequence[Path]) -> None:
        """Read the files; later files override earlier ones, as in Snakemake.

        Raises:
            UserError: as :func:`xstilts.config.study_file.read_study_file`.
        """
        self._by_key: dict[KeyPath, str] = {}
        self._written: dict[KeyPath, str] = {}
        self.values: dict[str, Any] = {}
        """The merged content of the files."""
        for file in files:
            node, values = read_study_file(file)
            self.values |= values
            if node is not None:
                self._index(node, (), file)

    def _index(self, node: yaml.Node, path: KeyPath, file: Path) -> None:
        self._by_key[path] = f"{file}:{node.start_mark.line + 1}"
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                self._index(value, (*path, key.value), file)
                self._by_key[(*path, key.value)] = f"{file}:{key.start_mark.line + 1}"
        elif isinstance(node, yaml.SequenceNode):
            for position, value in enumerate(node.value):
                self._index(value, (*path, position), file)
        else:
            self._written[path] = str(node.value)

    def written(self, path: KeyPath) -> str | None:
        """Return a value as it is written in its file; None for lists, mappings and --config."""
        return self._written.get(path)

    def where(self, path: KeyPath) -> str:
        """Return ``file:line: key.path``; ``config: key.path`` for keys of the command line."""
        key = dotted(path)
        for depth in range(len(path), 0, -1):
            if path[:depth] in self._by_key:
                return f"{self._by_key[path[:depth]]}: {key}"
        return f"config: {key}"


def dotted(path: KeyPath) -> str:
    """Return a key path as text: ``targets.xnli.languages[2]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def _section_at(path: KeyPath, root: type[BaseModel]) -> type[BaseModel] | None:
    """Return the section class at a key path, starting from the root section of the file."""
    current: Any = root
    for part in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(str(part))
            current = field.annotation if field else None
        elif typing.get_origin(current) in (dict, list):
            current = typing.get_args(current)[-1]
        if typing.get_origin(current) in (typing.Union, types.UnionType):
            sections = [a for a in typing.get_args(current) if hasattr(a, "model_fields")]
            current = sections[0] if sections else current
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _message(error: Mapping[str, Any], lines: Lines, root: type[BaseModel]) -> str:
    """Return one line for a pydantic error: key path, value, accepted values."""
    path = tuple(part for part in error["loc"] if not _is_type(part))
    where = lines.where(path)
    if error["type"] == "extra_forbidden":
        section, key = _section_at(path[:-1], root), str(path[-1])
        if new := getattr(section, "renamed", {}).get(key):
            return f"{where}: {key!r} is now called {new!r}. Rename it."
        known = list(section.model_fields) if section else []
        return f"{where}: {key!r} is not a known key.{suggestion(key, known)}"
    if error["type"] == "missing":
        return f"{where}: required key is missing."
    if error["type"] == "literal_error":
        known = [v.strip(" '") for v in error["ctx"]["expected"].replace(" or ", ",").split(",")]
        found = shortened(error["input"])
        return f"{where}: {found} is not accepted.{suggestion(error['input'], known)}"
    if error["type"] == "string_pattern_mismatch":
        return f"{where}: {shortened(error['input'])} is not a name here. {_pattern_text(error)}"
    if hint := _quoting(error, lines.written(path)):
        return f"{where}: {hint}"
    reason, found = error["msg"].removeprefix("Value error, "), shortened(error["input"])
    return f"{where}: {reason}." if found in reason else f"{where}: {reason} (found: {found})."


def _pattern_text(error: Mapping[str, Any]) -> str:
    """Return the characters that a name may have."""
    pattern = error["ctx"]["pattern"]
    if "/" in pattern:
        return "Write OWNER/NAME, as on the hub."
    others = "'_', '.' and '-'" if "." in pattern else "'_' and '-'"
    return f"Use lower-case letters (a-z), digits, {others}, with a letter or digit first."


def _quoting(error: Mapping[str, Any], written: str | None) -> str:
    """Return what to write for a value that YAML reads as another type; empty for other errors."""
    value = error["input"]
    if error["type"] == "string_type" and isinstance(value, bool | int | float | datetime.date):
        written = written or str(value)
        return (
            f"text is needed, but YAML reads {written} without quotes as {value!r}. Write it in "
            f'quotes: "{written}".'
        )
    if error["type"] == "int_parsing" and isinstance(value, str):
        with contextlib.suppress(ValueError, OverflowError):
            if float(value).is_integer():
                return (
                    f"{value} is not a whole number to YAML. Write all its digits: "
                    f"{int(float(value))}."
                )
    return ""


def validate(config: Mapping[str, Any], lines: Lines) -> Study:
    """Validate a merged configuration.

    Raises:
        UserError: unknown keys, wrong types or values; one line for each.
    """
    return _validated(Study, dict(config), lines)


def _validated(section: type[_Section], raw: Any, lines: Lines) -> _Section:
    try:
        return section.model_validate(raw)
    except ValidationError as error:
        errors = error.errors()
        told = [item for item in errors if not _is_of_other_type(item, errors)]
        messages = dict.fromkeys(_message(item, lines, section) for item in told)
        raise UserError("\n".join(messages)) from None


def _is_type(part: int | str) -> bool:
    """True for the part of an error's location that is one of the types that a key accepts."""
    sections = {section.__name__ for section in Section.__subclasses__()}
    return part == "str" or "[" in str(part) or part in sections


def _is_of_other_type(error: ErrorDetails, errors: Sequence[ErrorDetails]) -> bool:
    """True if a key accepts several types, and the errors of the given one say more."""
    *key, last = error["loc"]
    if not _is_type(last):
        return False
    alternatives = [other for other in errors if [*other["loc"]][: len(key)] == key]
    best = [other for other in alternatives if not _is_wrong_type(other)] or alternatives[:1]
    return error not in best


def _is_wrong_type(error: ErrorDetails) -> bool:
    if error["type"] == "literal_error":
        return not isinstance(error["input"], str)
    return error["type"] in ("string_type", "list_type", "dict_type", "model_type")


def load_claims(file: Path) -> Claims:
    """Load a file of claims.

    Raises:
        UserError: no such file, not YAML, unknown key, wrong type or value.
    """
    lines = Lines([file])
    return _validated(Claims, lines.values, lines)


def load_study(
    config: Mapping[str, Any] | None,
    files: Sequence[Path],
    overrides: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Study, Lines]:
    """Return the validated study and the lines of its keys.

    Args:
        config: the configuration as merged by Snakemake; None merges the files.
        files: the study files, for line numbers and to detect what Snakemake accepts.
        overrides: keys that override the configuration.

    Raises:
        UserError: as :class:`Lines`, :func:`check_without`, :func:`with_small_base` and
            :func:`validate`.
    """
    lines = Lines(files)
    config = {**(lines.values if config is None else config), **overrides}
    check_without(config, lines.where)
    scaled = with_small_base(at_scale(config), lines.where(("small_base",)))
    return validate(scaled, lines), lines


def naming_options(configfile: Sequence[str], config: Sequence[str]) -> list[str]:
    """Return the words of a command line that name a study; they come last in a command.

    Args:
        configfile: the study's files; without any option it is ``config.yaml``.
        config: keys that override it, ``KEY=VALUE``.
    """
    files = list(configfile)
    named = [] if files == ["config.yaml"] else ["--configfile", *files]
    return [*named, *(["--config", *config] if config else [])]
