"""Identities as plain data: canonical JSON, digests, and differences between two."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any


def canonical(value: Any) -> str:
    """Return JSON that is equal for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(value: Any) -> str:
    """Return the first 16 hex digits (64 bits) of the SHA-256 of a plain value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:16]


def flatten(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield ``(dotted key, leaf)`` pairs of nested mappings and lists."""
    if isinstance(value, Mapping) and value:
        for key in value:
            yield from flatten(value[key], f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from flatten(item, f"{path}[{index}]")
    else:
        yield path, value


def differences(old: Any, new: Any) -> list[tuple[str, Any, Any]]:
    """Return ``(key, old, new)`` for each leaf that differs; None for a missing leaf."""
    before, after = dict(flatten(old)), dict(flatten(new))
    keys = [*before, *(key for key in after if key not in before)]
    return [
        (key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)
    ]
