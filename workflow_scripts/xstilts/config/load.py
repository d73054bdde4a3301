"""Loading of studies: YAML with line numbers, schema validation, errors with file and line."""

from __future__ import annotations

import types
import typing
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from xstilts.config.claims import Claims
from xstilts.config.scale import at_scale, with_small_base
from xstilts.config.study import Study
from xstilts.errors import UserError, suggestion

if typing.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

KeyPath = tuple[str | int, ...]
_Section = typing.TypeVar("_Section", bound=BaseModel)


class Lines:
    """File and line of each key path of the study."""

    def __init__(self, files: Sequence[Path]) -> None:
        """Index the files; later files override earlier ones, as in Snakemake.

        Raises:
            UserError: a file is missing or not YAML, or a mapping has duplicate keys.
        """
        self._by_key: dict[KeyPath, str] = {}
        for file in files:
            try:
                text = file.read_text(encoding="utf-8")
                node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            except FileNotFoundError:
                raise UserError(f"{file}: no such study file.") from None
            except yaml.YAMLError as error:
                raise UserError(f"{file}: not valid YAML: {error}") from None
            if node is not None:
                self._index(node, (), file)

    def _index(self, node: yaml.Node, path: KeyPath, file: Path) -> None:
        self._by_key[path] = f"{file}:{node.start_mark.line + 1}"
        if isinstance(node, yaml.MappingNode):
            seen: dict[str, int] = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                if key.value in seen:
                    raise UserError(
                        f"{file}:{line}: {'.'.join(map(str, path)) or 'the study'} has the key "
                        f"{key.value!r} twice (first in line {seen[key.value]}). Rename one."
                    )
                seen[key.value] = line
                self._index(value, (*path, key.value), file)
                self._by_key[(*path, key.value)] = f"{file}:{line}"
        elif isinstance(node, yaml.SequenceNode):
            for position, value in enumerate(node.value):
                self._index(value, (*path, position), file)

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
    path = tuple(part for part in error["loc"] if part != "str" and "[" not in str(part))
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
        return f"{where}: {error['input']!r} is not accepted.{suggestion(error['input'], known)}"
    reason = error["msg"].removeprefix("Value error, ")
    return f"{where}: {reason} (found: {error['input']!r:.80})."


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
        messages = dict.fromkeys(_message(item, lines, section) for item in error.errors())
        raise UserError("\n".join(messages)) from None


def load_claims(file: Path) -> Claims:
    """Load a file of claims.

    Raises:
        UserError: no such file, not YAML, unknown key, wrong type or value.
    """
    lines = Lines([file])
    return _validated(Claims, yaml.safe_load(file.read_text(encoding="utf-8")) or {}, lines)


def load_study(config: Mapping[str, Any] | None, files: Sequence[Path]) -> tuple[Study, Lines]:
    """Return the validated study and the lines of its keys.

    Args:
        config: the configuration as merged by Snakemake; None merges the files.
        files: the study files, for line numbers and to detect duplicate keys.

    Raises:
        UserError: as :class:`Lines`, :func:`with_small_base` and :func:`validate`.
    """
    lines = Lines(files)
    if config is None:
        config = {}
        for file in files:
            config = {**config, **(yaml.safe_load(file.read_text(encoding="utf-8")) or {})}
    scaled = with_small_base(at_scale(config), lines.where(("small_base",)))
    return validate(scaled, lines), lines
