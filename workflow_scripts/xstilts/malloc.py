"""Settings of glibc's malloc and of Python's garbage collection, for training."""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
"""Numbers of these parameters in glibc's ``malloc.h``."""


def keep_freed_memory() -> None:
    """Make glibc's malloc keep freed memory for the next allocation.

    By default it returns large blocks to the system, which zeroes each page again at the next
    allocation, and a training step frees and allocates gigabytes. The peak memory does not change.
    If ``MALLOC_...`` or ``GLIBC_TUNABLES`` is set in the environment, nothing is changed.

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
    """Exclude all existing objects from Python's garbage collection while the block runs.

    Libraries and model have hundreds of thousands, and each step creates enough new objects to
    trigger a collection.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
