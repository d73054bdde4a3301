"""Random damage to small files, the same for the same seed: what disks, editors and people do."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

ODD_BYTES = (
    b"\0", b"\xff", b"\xf0\x9f\x98", b"\t", b"\n", b"\r\n", b"\n\n", b'"', b"\\", b"\\ud83d", b"'",
    b"[" * 3000, b"{" * 50, b"9" * 5000, b"1e999", b"-1", b"NaN", b"null", b"\xef\xbb\xbf", b" ",
    b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xae", b"&a", b"*a", b"<<: *a", b"!!python/none", b"#",
    b"version https://git-lfs.github.com/spec/v1\n", b"<x>", b"&lol;", b"|", b": ", b"- ", b"%",
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 1.5, -0.0, 1e308, "", " ", "x", "\n", "0",
    "a" * 1000, "\u202e", "../../x", "/", [], [[]], {}, {"": None}, [None], "é", "null", [1, "a"],
)  # fmt: skip


def mutated(content: bytes, draw: random.Random) -> bytes:
    """Return a damaged copy of a file's content, by one to three changes."""
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        content = draw.choice(_CHANGES)(content, draw)
    return content


def mutated_json(content: bytes, draw: random.Random) -> bytes:
    """The same for JSON or JSON lines; mostly another value somewhere, which stays valid JSON."""
    if draw.random() < 0.4:
        return mutated(content, draw)
    lines = content.split(b"\n") if _is_json_lines(content) else [content]
    number = draw.randrange(len(lines))
    try:
        value = json.loads(lines[number])
    except ValueError:
        return mutated(content, draw)
    lines[number] = json.dumps(_other(value, draw), ensure_ascii=draw.random() < 0.5).encode()
    return b"\n".join(lines)


def _is_json_lines(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return True
    return False


def _other(value: Any, draw: random.Random) -> Any:
    """Return a JSON value with one part replaced, removed, added or repeated."""
    if isinstance(value, dict) and value and draw.random() < 0.85:
        key = draw.choice(sorted(value))
        action = draw.random()
        if action < 0.15:
            return {k: v for k, v in value.items() if k != key}
        if action < 0.2:
            return {**value, draw.choice(("x", "", "__proto__")): draw.choice(ODD_VALUES)}
        return {**value, key: _other(value[key], draw)}
    if isinstance(value, list) and value and draw.random() < 0.85:
        at, action = draw.randrange(len(value)), draw.random()
        if action < 0.1:
            return value[:at] + value[at + 1 :]
        if action < 0.2:
            return [*value, value[at]]
        return [*value[:at], _other(value[at], draw), *value[at + 1 :]]
    if isinstance(value, int) and not isinstance(value, bool) and draw.random() < 0.5:
        return value + draw.choice((-1, 1, 1000))
    return draw.choice(ODD_VALUES)


def _span(content: bytes, draw: random.Random) -> tuple[int, int]:
    start = draw.randrange(len(content) + 1)
    return start, min(len(content), start + draw.choice((1, 1, 4, 64, 4096)))


def _flip(content: bytes, draw: random.Random) -> bytes:
    if not content:
        return b"\x01"
    changed = bytearray(content)
    changed[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def _truncate(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randrange(len(content) + 1)]


def _delete(content: bytes, draw: random.Random) -> bytes:
    start, end = _span(content, draw)
    return content[:start] + content[end:]


def _repeat(content: bytes, draw: random.Random) -> bytes:
    start, end = _span(content, draw)
    return content[:end] + content[start:end] * draw.choice((1, 1, 30)) + content[end:]


def _insert(content: bytes, draw: random.Random) -> bytes:
    start, _ = _span(content, draw)
    return content[:start] + draw.choice(ODD_BYTES) + content[start:]


def _zero(content: bytes, draw: random.Random) -> bytes:
    start, end = _span(content, draw)
    return content[:start] + bytes(end - start) + content[end:]


def _line(content: bytes, draw: random.Random) -> bytes:
    """Remove, repeat, empty or move a line."""
    lines = content.split(b"\n")
    at = draw.randrange(len(lines))
    line = lines.pop(at)
    for _ in range(draw.choice((0, 1, 2))):
        lines.insert(draw.choice((at, draw.randrange(len(lines) + 1))), line)
    if draw.random() < 0.3:
        lines.insert(draw.randrange(len(lines) + 1), draw.choice((b"", b" ", b"\t")))
    return b"\n".join(lines)


def _coding(content: bytes, draw: random.Random) -> bytes:
    """Save the text in another encoding, or with other line ends."""
    text = content.decode(errors="replace")
    kind = draw.choice(("utf-16", "utf-16-le", "utf-8-sig", "latin-1", "crlf", "cr"))
    if kind in ("crlf", "cr"):
        return content.replace(b"\n", b"\r\n" if kind == "crlf" else b"\r")
    return text.encode(kind, errors="replace")


_CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip, _truncate, _delete, _repeat, _insert, _insert, _zero, _line, _line, _coding,
)  # fmt: skip
