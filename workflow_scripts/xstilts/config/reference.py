"""The JSON schema and the reference page of the configuration, generated from its sections."""

from __future__ import annotations

import json
import types
import typing
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from xstilts.config.study import Study
from xstilts.files import write_text

if typing.TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


SCHEMA_FILE = "schemas/study.schema.json"
PAGE_FILE = "docs/configuration.md"

_HEAD = """\
# Configuration reference

Generated from `workflow_scripts/xstilts/config/` by `xstilts reference`; a test fails if the two
differ. A study is one YAML file with these keys; unknown keys are errors. Keys marked `(required)`
have no default.
"""


def schema_text() -> str:
    """Return the JSON schema of a study file, for editors and validators."""
    schema = Study.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _section_of(annotation: Any) -> type[BaseModel] | None:
    """Return the section class inside a field's type, if any."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in typing.get_args(annotation):
        if found := _section_of(part):
            return found
    return None


_PLAIN = {
    str: ("string", "strings"),
    int: ("integer", "integers"),
    float: ("number", "numbers"),
    bool: ("`true` or `false`",) * 2,
    Any: ("anything",) * 2,
}
"""Names of types for readers of YAML, singular and plural."""


def _type_text(annotation: Any, *, several: bool = False) -> str:
    """Return a type in plain words, without an article.

    Args:
        annotation: type of a field, or a part of it.
        several: use the plural.

    Raises:
        TypeError: no words are defined for this type.
    """
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in _PLAIN:
        return _PLAIN[annotation][several]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    if origin is typing.Annotated:
        titles = [part.title for part in parts if isinstance(part, FieldInfo) and part.title]
        if titles:
            return f"{titles[0]}s" if several else str(titles[0])
        return _type_text(parts[0], several=several)
    if origin is typing.Literal:
        return _alternatives([f"`{part}`" for part in parts])
    if origin in (typing.Union, types.UnionType):
        kinds = [_type_text(part, several=several) for part in parts if part is not type(None)]
        return " or ".join(kinds) if len(kinds) < 3 else _alternatives(kinds)
    if origin is list:
        return f"list{'s' * several} of {_type_text(parts[0], several=True)}"
    if origin is tuple and len(parts) == 2 and parts[0] == parts[1]:
        return f"pair{'s' * several} of {_type_text(parts[0], several=True)}"
    if origin is dict:
        key, value = (_type_text(part) for part in parts)
        return f"mapping{'s' * several} of {_with_article(key)} to {_with_article(value)}"
    raise TypeError(f"no words for the type {annotation}: add them to {__name__}")


def _alternatives(texts: Sequence[str]) -> str:
    """Join texts as ``a, b or c``."""
    return " or ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))


def _with_article(text: str) -> str:
    """Prefix the name of a type with ``a`` or ``an`` where English needs it."""
    if text.startswith("`") or text in _PLAIN[Any]:
        return text
    return f"{'an' if text[0] in 'aeiou' or text.startswith('[A') else 'a'} {text}"


def _type_of(field: FieldInfo) -> str:
    """Return a field's type in words; pydantic keeps the title of a named type in the field."""
    return field.title or _type_text(field.annotation)


def _default_text(field: FieldInfo) -> str:
    if field.is_required():
        return "(required)"
    default = field.get_default(call_default_factory=True)
    if isinstance(default, BaseModel):
        return "see section"
    return f"`{json.dumps(default)}`"


def _sections(section: type[BaseModel], seen: dict[str, type[BaseModel]]) -> None:
    seen.setdefault(section.__name__, section)
    for field in section.model_fields.values():
        inner = _section_of(field.annotation)
        if inner and inner.__name__ not in seen:
            _sections(inner, seen)


def page_lines() -> Iterator[str]:
    """Yield the lines of the reference page: one table per section."""
    yield _HEAD
    seen: dict[str, type[BaseModel]] = {}
    _sections(Study, seen)
    for name, section in seen.items():
        yield f"## {name}\n"
        yield f"{' '.join((section.__doc__ or '').split())}\n"
        yield "| key | type | default | meaning |"
        yield "|---|---|---|---|"
        for key, field in section.model_fields.items():
            kind, default = _type_of(field), _default_text(field)
            yield f"| `{key}` | {kind} | {default} | {field.description} |"
        yield ""


def write_reference(folder: Path) -> list[Path]:
    """Write the schema and the page below ``folder`` and return their paths."""
    schema, page = folder / SCHEMA_FILE, folder / PAGE_FILE
    write_text(schema, schema_text())
    write_text(page, "\n".join(page_lines()).rstrip() + "\n")
    return [schema, page]
