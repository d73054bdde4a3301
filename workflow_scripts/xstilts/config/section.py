"""The base of every configuration section: closed (no unknown keys) and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, model_validator


class Section(BaseModel):
    """A mapping in the study file; a key that is not a field is an error."""

    renamed: ClassVar[Mapping[str, str]] = {}
    """Former names of keys, with the present ones."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        """YAML's ``yes`` would count as 1."""
        if any(isinstance(one, bool) for one in (value if isinstance(value, list) else [value])):
            kinds = _kinds(cls.model_fields[str(info.field_name)].annotation)
            if kinds & {int, float} and bool not in kinds:
                raise ValueError("a number is needed, not true or false")
        return value


class Level(Section):
    """One level of overrides: keys left out, or null, keep the value of the next wider level.

    The defaults are what holds where no level sets a key.
    """

    @model_validator(mode="before")
    @classmethod
    def _null_is_left_out(cls, values: Any) -> Any:
        """A key without a value (``learning_rate:``) is null in YAML."""
        if not isinstance(values, dict):
            return values
        return {k: v for k, v in values.items() if v is not None or k not in cls.model_fields}

    def given(self) -> dict[str, Any]:
        """The keys that were set, as builtins."""
        return self.model_dump(exclude_unset=True)


def _kinds(annotation: Any) -> set[Any]:
    """A type, or those of a union."""
    parts = get_args(annotation)
    return {annotation}.union(*map(_kinds, parts)) if parts else {annotation}
