"""Modules of ``benchmarks/``, whose names others have, too."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parents[2] / "benchmarks"


def benchmark_module(file: str) -> ModuleType:
    """Return the module of a file below ``benchmarks/``."""
    name = f"benchmarks_{Path(file).stem}"
    spec = importlib.util.spec_from_file_location(name, FOLDER / file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses and pydantic look names up in the module
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
