"""Scripts that only pass a job on import no libraries for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import xstilts.data.prepare
import xstilts.data.schemas
import xstilts.jobs
from xstilts.runner.fork_server import IMPORTED

SCRIPTS = Path(xstilts.jobs.__file__).parents[2]
NOT_YET = {"datasets", "numpy", "pyarrow", "pandas", "tokenizers", "torch"}
PROBE = "import json, sys, xstilts.jobs.{}; print(json.dumps(sorted(sys.modules)))"


@pytest.mark.parametrize("stage", ["data", "predict", "score", "tokens", "train"])
def test_a_stage_is_imported_without_libraries(stage: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(stage)], cwd=SCRIPTS, capture_output=True, check=True
    )
    assert not NOT_YET & set(json.loads(done.stdout))


@pytest.mark.slow
def test_no_job_imports_huggingface_hub_before_it_is_set_offline() -> None:
    # huggingface_hub reads HF_HUB_OFFLINE when it is imported, and jobs set it as they start
    stages = sorted(path.stem for path in Path(xstilts.jobs.__file__).parent.glob("*.py"))
    probe = PROBE.format(", xstilts.jobs.".join(stages))
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=SCRIPTS, capture_output=True, check=True
    )
    assert not {"huggingface_hub", "transformers"} & set(json.loads(done.stdout))


@pytest.mark.slow
@pytest.mark.parametrize(
    "module", ["tokens.prepare", "training.loop", "prediction.run", "results.score", "hub"]
)
def test_only_jobs_that_read_or_write_data_sets_import_datasets(module: str) -> None:
    probe = f"import json, sys, xstilts.{module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=SCRIPTS, capture_output=True, check=True
    )
    assert "datasets" not in json.loads(done.stdout)


def test_the_fork_server_has_imported_datasets_for_the_jobs_that_use_it() -> None:
    assert "xstilts.data.prepare" in IMPORTED
    assert xstilts.data.prepare.SCHEMAS is xstilts.data.schemas.SCHEMAS
