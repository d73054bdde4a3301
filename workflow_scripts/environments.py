"""Keep the pinned environments consistent: pyproject.toml, requirements.lock and envs/*.yaml.

For developers (``make lock``, ``make envs``, ``make check``); not used by the workflow.

* ``pyproject.toml`` has the supported version ranges, edited by hand.
* ``requirements.lock`` is one tested set within them: ``make lock`` installs the newest allowed
  versions into a new environment and records them.
* ``envs/*.yaml`` are the subsets of the lock that jobs need, for ``--sdm conda``.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xstilts.requirements import ROOT, closure, declared, read_lock

if TYPE_CHECKING:
    from pathlib import Path

LOCK_HEADER = """\
# One tested set of versions for Python 3.11 or newer; written by `make lock`, not by hand.
# torch's own GPU packages (nvidia-*, cuda-*, triton) are left out: its CUDA wheel pins them itself,
# and a machine whose pip finds a CPU wheel of the same version needs none of them.
"""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One conda environment."""

    purpose: str
    """Jobs that use it, for the comment at the top of the file."""
    packages: tuple[str, ...]
    """Distributions that its jobs import; their dependencies are added from the lock."""


ENVIRONMENTS = {
    "train": Environment(
        purpose="jobs that use a model: pretraining, fine-tuning, translation, prediction",
        packages=(
            # translation writes a data set
            "datasets",
            "filelock",
            "huggingface-hub",
            "numpy",
            "peft",
            "pyarrow",
            "pydantic",
            "pyyaml",
            "safetensors",
            # tokenizers of translation models that have no tokenizer.json (Marian, M2M100)
            "sentencepiece",
            "tensorboard",
            "tokenizers",
            "torch",
            "transformers",
        ),
    ),
    "score": Environment(
        purpose="jobs that need no model: data, tokens, scores",
        packages=(
            "datasets",
            "filelock",
            "huggingface-hub",
            "numpy",
            # downloads of releases
            "pooch",
            "pyarrow",
            "pydantic",
            "pyyaml",
            "requests",
            "sentencepiece",
            "tokenizers",
        ),
    ),
    "report": Environment(
        purpose="tables and the report",
        packages=(
            "altair",
            # the report shows examples of data sets
            "datasets",
            "filelock",
            "jinja2",
            "numpy",
            "pandas",
            "pyarrow",
            "pydantic",
            "pyyaml",
            "scipy",
            "tabulate",
            # Vega for the page, and pictures of the figures without a browser
            "vl-convert-python",
        ),
    ),
}


def lock_text(root: Path) -> str:
    """Return the text of requirements.lock for the current environment."""
    versions = closure(declared(root, dev=True))
    return LOCK_HEADER + "".join(f"{name}=={versions[name]}\n" for name in sorted(versions))


def environment_text(name: str, lock: dict[str, str]) -> str:
    """Return the conda file of one environment, with the lock's versions.

    Packages are installed by pip because the lock is tested with those builds: other builds of
    torch or numpy may round differently, and models must not depend on the installation.
    """
    environment = ENVIRONMENTS[name]
    pins = "".join(f"      - {package}=={lock[package]}\n" for package in _needed(name))
    return (
        f"# For {environment.purpose}.\n"
        "# Written by `make envs` from requirements.lock, not by hand; through pip, so that the\n"
        "# builds are the tested ones.\n"
        "channels:\n  - conda-forge\n  - nodefaults\n"
        "dependencies:\n  - python=3.11\n  - pip\n  - pip:\n"
        f"{pins}"
    )


def _needed(name: str) -> list[str]:
    return sorted(closure(ENVIRONMENTS[name].packages))


def outdated(root: Path) -> list[str]:
    """Return the names of files in envs/ that differ from the lock."""
    lock = read_lock(root)
    wanted = {f"{name}.yaml": environment_text(name, lock) for name in ENVIRONMENTS}
    present = {path.name: path.read_text(encoding="utf-8") for path in (root / "envs").iterdir()}
    return sorted(
        name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name)
    )


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return 1 if ``check`` finds a difference."""
    parser = argparse.ArgumentParser(prog="environments.py", description=__doc__)
    parser.add_argument("command", choices=("requirements", "lock", "envs", "check"))
    command = parser.parse_args(arguments).command
    if command == "requirements":
        print("\n".join(declared(ROOT, dev=True)))
    elif command == "lock":
        (ROOT / "requirements.lock").write_text(lock_text(ROOT), encoding="utf-8", newline="\n")
    elif command == "envs":
        lock = read_lock(ROOT)
        for name in ENVIRONMENTS:
            text = environment_text(name, lock)
            (ROOT / "envs" / f"{name}.yaml").write_text(text, encoding="utf-8", newline="\n")
    elif wrong := outdated(ROOT):
        print(f"envs/: {', '.join(wrong)}: differs from requirements.lock; run `make envs`.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
