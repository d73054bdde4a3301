"""What a study file may say: one described field per key, checked before anything runs."""

from xstilts.config.load import load_study
from xstilts.config.study import Study

__all__ = ["Study", "load_study"]
