"""The hub: whether it answers, and whether its cache can be written."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.doctor.base import Finding
from xstilts.doctor.disks import existing_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SUBJECT = "hub"
SECONDS = 5.0
"""Longest wait for an answer of the hub."""


def hub(*, needed: bool | None) -> Iterator[Finding]:
    """Check that the hub answers.

    Args:
        needed: whether the study still has to download from it; None without a study.
    """
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session  # type: ignore[attr-defined]

    if constants.HF_HUB_OFFLINE:
        yield Finding(
            "fault" if needed else "ok",
            SUBJECT,
            f"HF_HUB_OFFLINE is set: only what is in {constants.HF_HUB_CACHE} is used, and nothing "
            "is downloaded",
            "The study has to download: unset it, or download on a machine that may."
            * bool(needed),
        )
        return
    try:
        status = get_session().head(constants.ENDPOINT, timeout=SECONDS).status_code
    # the classes of errors are those of whichever HTTP library the hub's client uses
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        yield Finding(
            "fault" if needed else "warning",
            SUBJECT,
            f"{constants.ENDPOINT} does not answer ({reason:.150})",
            "Check the connection, the proxy (HTTPS_PROXY) and HF_ENDPOINT. Without a network "
            "here, download where there is one, and set HF_HUB_OFFLINE=1 (docs/cluster.md).",
        )
        return
    if status >= 500:
        yield Finding(
            "warning", SUBJECT, f"{constants.ENDPOINT}: HTTP status {status}", "Try later."
        )
    else:
        yield Finding("ok", SUBJECT, f"{constants.ENDPOINT} answers")


def cache(name: str, folder: Path, move: str) -> Iterator[Finding]:
    """Check that a file can be written to a download cache.

    Args:
        name: of the cache.
        folder: the cache; if it does not exist, the closest folder that does is tried.
        move: how to have it elsewhere.
    """
    existing = existing_folder(folder)
    try:
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        yield Finding("fault", name, f"{folder}: {error.strerror}", f"Change it, or {move}.")
    else:
        note = "" if existing == folder.resolve() else f" (to be made below {existing})"
        yield Finding("ok", name, f"{folder} is writable{note}")


def caches(study: Mapping[str, Path]) -> Iterator[Finding]:
    """Check the hub's own cache, and those that a study names.

    Args:
        study: key of the study to its folder; empty without a study.
    """
    from huggingface_hub import constants

    library = Path(constants.HF_HUB_CACHE)
    yield from cache("Hugging Face cache", library, "set HF_HOME to a folder elsewhere")
    for key, folder in study.items():
        yield from cache(key, folder, f"set `{key}` in the study to a folder elsewhere")
