"""The JSON schema and the reference page of the configuration, generated from its sections."""

from __future__ import annotations

import json
import types
import typing
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from xstilts.config import adapters, recipe
from xstilts.config.study import Study
from xstilts.files import write_text

if typing.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic.fields import FieldInfo

SCHEMA_FILE = "schemas/study.schema.json"
PAGE_FILE = "docs/configuration.md"

_RESOLVED: dict[type[BaseModel], dict[str, Any]] = {
    recipe.RecipeOverrides: recipe.DEFAULTS,
    adapters.Lora: {"enabled": True} | adapters.DEFAULTS,
}
"""Sections of overrides, with what holds where no level sets a key."""

_HEAD = """\
# Configuration reference

Generated from the sections in `workflow_scripts/xstilts/config/` by `xstilts reference`; a test
fails when the two differ. A study is one YAML file of these keys; unknown keys are errors.
`(required)` keys have no default.
"""


def schema_text() -> str:
    """The JSON schema of a study file, for editors and validators."""
    schema = Study.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _section_of(annotation: Any) -> type[BaseModel] | None:
    """The section inside a field's type, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in typing.get_args(annotation):
        if found := _section_of(part):
            return found
    return None


_NAMES = {
    "str": "text",
    "int": "integer",
    "float": "number",
    "bool": "true or false",
    "Any": "any",
}


def _type_text(annotation: Any) -> str:
    """A type as a reader of YAML would say it."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is type(None):
        return "null"
    if origin is typing.Literal:
        return " \\| ".join(f"`{part}`" for part in parts)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type_text(part) for part in parts if part is not type(None))
    if origin is typing.Annotated:
        return _type_text(parts[0])
    if origin is list:
        return f"list of {_type_text(parts[0])}"
    if origin is dict:
        return f"name → {_type_text(parts[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return _NAMES.get(getattr(annotation, "__name__", ""), str(annotation))


def _default_text(field: FieldInfo, name: str, section: type[BaseModel]) -> str:
    if section in _RESOLVED:
        return f"`{json.dumps(_RESOLVED[section].get(name))}`"
    if field.default is PydanticUndefined:
        return "(required)"
    if isinstance(field.default, BaseModel):
        return "see there"
    return f"`{json.dumps(field.default)}`"


def _sections(section: type[BaseModel], seen: dict[str, type[BaseModel]]) -> None:
    seen.setdefault(section.__name__, section)
    for field in section.model_fields.values():
        inner = _section_of(field.annotation)
        if inner and inner.__name__ not in seen:
            _sections(inner, seen)


def page_lines() -> Iterator[str]:
    """Lines of the reference page: one table per section."""
    yield _HEAD
    seen: dict[str, type[BaseModel]] = {}
    _sections(Study, seen)
    for name, section in seen.items():
        yield f"## {name}\n"
        yield f"{' '.join((section.__doc__ or '').split())}\n"
        yield "| key | type | default | meaning |"
        yield "|---|---|---|---|"
        for key, field in section.model_fields.items():
            kind, default = _type_text(field.annotation), _default_text(field, key, section)
            yield f"| `{key}` | {kind} | {default} | {field.description} |"
        yield ""


def write_reference(folder: Path) -> list[Path]:
    """Write the schema and the page below ``folder``; returns their paths."""
    schema, page = folder / SCHEMA_FILE, folder / PAGE_FILE
    write_text(schema, schema_text())
    write_text(page, "\n".join(page_lines()).rstrip() + "\n")
    return [schema, page]
