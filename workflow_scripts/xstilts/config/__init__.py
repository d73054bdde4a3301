"""The schema of study files: one described field per key, validated before anything runs."""

from xstilts.config.load import load_study
from xstilts.config.study import Study

__all__ = ["Study", "load_study"]
