"""The base of configuration sections: no unknown keys, immutable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, model_validator


class Section(BaseModel):
    """A mapping in the study file; unknown keys are errors."""

    renamed: ClassVar[Mapping[str, str]] = {}
    """Former names of keys, mapped to the current ones."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_bool_for_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Reject YAML's ``yes``, which pydantic would convert to 1."""
        if any(isinstance(one, bool) for one in (value if isinstance(value, list) else [value])):
            kinds = _kinds(cls.model_fields[str(info.field_name)].annotation)
            if kinds & {int, float} and bool not in kinds:
                raise ValueError("a number is needed, not true or false")
        return value


class Level(Section):
    """One level of overrides: missing or null keys keep the value of the next wider level.

    Defaults apply to keys that no level sets.
    """

    @model_validator(mode="before")
    @classmethod
    def _drop_null_keys(cls, values: Any) -> Any:
        """Drop null keys: a key without a value (``learning_rate:``) is null in YAML."""
        if not isinstance(values, dict):
            return values
        return {k: v for k, v in values.items() if v is not None or k not in cls.model_fields}

    def given(self) -> dict[str, Any]:
        """Return the keys that were set, as builtins."""
        return self.model_dump(exclude_unset=True)


def _kinds(annotation: Any) -> set[Any]:
    """Return a type and all types inside it."""
    parts = get_args(annotation)
    return {annotation}.union(*map(_kinds, parts)) if parts else {annotation}
