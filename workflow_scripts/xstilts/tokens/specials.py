"""The names of a tokenizer's special tokens, from its configuration files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xstilts.files import read_json

if TYPE_CHECKING:
    from pathlib import Path

ROLES = ("cls", "sep", "pad", "mask", "unk", "bos", "eos")
"""Roles of special tokens, as the keys ``ROLE_token`` of configuration files name them."""


def special_names(folder: Path) -> dict[str, str]:
    """Return role (cls, sep, ...) to token, from the files next to ``tokenizer.json``."""
    names: dict[str, str] = {}
    for file in ("special_tokens_map.json", "tokenizer_config.json"):
        if not (folder / file).is_file():
            continue
        config: dict[str, Any] = read_json(folder / file)
        for role in ROLES:
            token = config.get(f"{role}_token")
            content = token.get("content") if isinstance(token, dict) else token
            if content:
                names[role] = content
    return names


def has_mask(folder: Path) -> bool:
    """Return False if a folder's tokenizer has no mask token, named or conventional."""
    names = special_names(folder)
    if "mask" in names or not names:
        return True
    file = folder / "tokenizer.json"
    text = file.read_text(encoding="utf-8") if file.is_file() else "[MASK]"
    return any(f'"{mask}"' in text for mask in ("<mask>", "[MASK]"))
