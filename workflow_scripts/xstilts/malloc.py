"""What the process does with memory that it has freed, and how it looks for more of it."""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
"""Numbers of these parameters in glibc's ``malloc.h``."""


def keep_freed_memory() -> None:
    """Let the C library keep freed memory for the next allocation, if it is glibc.

    By default it gives large blocks back to the system, which clears every page of them anew when
    they are next asked for, and a training step frees and allocates gigabytes. The process holds
    at most what it held at its peak. Whoever sets ``MALLOC_...`` or ``GLIBC_TUNABLES`` decides
    alone.

    Source: mallopt(3).
    """
    if any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, -1)
        mallopt(_MMAP_MAX, 0)


@contextmanager
def gc_frozen() -> Iterator[None]:
    """Python's collector looks through objects that are made from here on only.

    Libraries and model have hundreds of thousands, and each step makes enough to look again.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
