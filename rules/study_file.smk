"""Check of config.yaml before Snakemake reads it, by its own means and without bounds.

Snakemake reads a file of `--configfile` before the Snakefile, so that no rule file can check that.
"""

import os
import sys
from pathlib import Path

LIBRARY = str(Path(workflow.basedir) / "workflow_scripts")
sys.path.insert(0, LIBRARY)
# Scripts and cluster jobs must import the library of this checkout, not another one on the path
os.environ |= {"PYTHONPATH": LIBRARY}

from snakemake.exceptions import WorkflowError  # noqa: E402

from xstilts.config.study_file import read_study_file  # noqa: E402
from xstilts.errors import UserError  # noqa: E402


def checked(file: str) -> str:
    """Return the path of a study file that Snakemake can read without harm."""
    try:
        read_study_file(Path(file))
    except UserError as error:
        raise WorkflowError(str(error)) from None
    return file
