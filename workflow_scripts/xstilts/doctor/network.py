"""The hub: whether it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.doctor.base import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

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
