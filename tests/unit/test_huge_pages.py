"""A job's large tensors ask the kernel for huge pages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SMAPS = Path("/proc/self/smaps")
PACKAGE = Path(__file__).parents[2] / "workflow_scripts"

# the flag hg says that madvise(MADV_HUGEPAGE) was called on a range
PROGRAM = """
import sys
from pathlib import Path
from xstilts.jobs import job
def main():
    import torch
    kept = torch.ones(1 << 24)
    flags = [x for x in Path("/proc/self/smaps").read_text().splitlines() if "VmFlags" in x]
    print(any("hg" in line.split() for line in flags))
with job("product", sys.argv[1] + "/log", Path(sys.argv[1])):
    main()
"""


@pytest.mark.skipif(not SMAPS.is_file(), reason="only Linux says how memory was asked for")
@pytest.mark.parametrize(("setting", "asked"), [(None, "True"), ("0", "False")])
def test_large_tensors_ask_for_huge_pages_unless_told_otherwise(
    tmp_path: Path, setting: str | None, asked: str
) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "THP_MEM_ALLOC_ENABLE"}
    environment["PYTHONPATH"] = str(PACKAGE)
    if setting is not None:
        environment["THP_MEM_ALLOC_ENABLE"] = setting
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == asked
