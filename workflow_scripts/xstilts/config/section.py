"""The base of configuration sections: no unknown keys, immutable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, model_validator

from xstilts.errors import shortened

LARGEST = 2**31 - 1
"""Largest number in a study: a run of that many steps would take decades."""
LARGEST_SEED = 2**63 - 1


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

    @field_validator("*", mode="after")
    @classmethod
    def _no_huge_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Reject numbers that no run could use, such as 1e18 steps, which would fail late."""
        largest = LARGEST_SEED if "seed" in str(info.field_name) else LARGEST
        for number in value if isinstance(value, list) else [value]:
            if isinstance(number, int | float) and abs(number) > largest:
                raise ValueError(f"{shortened(number)} is too large: at most {largest:,}")
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
