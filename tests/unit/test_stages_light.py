"""Scripts that only hand a job over load no library for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import xstilts.stages

SCRIPTS = Path(xstilts.stages.__file__).parents[2]
PROBE = "import json, sys, xstilts.stages.{}; print(json.dumps(sorted(sys.modules)))"


@pytest.mark.parametrize("stage", ["data", "predict", "score", "tokens", "train"])
def test_a_stage_is_imported_without_libraries(stage: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(stage)], cwd=SCRIPTS, capture_output=True, check=True
    )
    assert not {"numpy", "pyarrow", "pandas", "tokenizers", "torch"} & set(json.loads(done.stdout))
