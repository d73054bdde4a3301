"""Freed memory is reused without returning it to the system."""

from __future__ import annotations

import gc
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

import xstilts
from xstilts.malloc import gc_frozen

CODE = """
import resource, sys
sys.path.insert(0, sys.argv[2])
from xstilts.malloc import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    blocks = [b"1" * (40 << 20) for _ in range(4)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
pages()
print(pages())
"""


def pages_asked_for(how: str, **more: str) -> int:
    """Return the pages that a process gets from the system in its second allocation."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    clean.pop("GLIBC_TUNABLES", None)
    command = [sys.executable, "-c", CODE, how, str(Path(xstilts.__file__).parents[1])]
    done = subprocess.run(command, env=clean | more, capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is glibc's")
def test_freed_memory_is_kept_unless_the_user_decides() -> None:
    kept = pages_asked_for("keep")
    assert kept < pages_asked_for("leave") / 4
    assert kept < pages_asked_for("keep", MALLOC_ARENA_MAX="2") / 4


def test_old_objects_are_collected_again_afterwards() -> None:
    with pytest.raises(RuntimeError), gc_frozen():
        assert gc.get_freeze_count() > 0
        raise RuntimeError
    assert gc.get_freeze_count() == 0
