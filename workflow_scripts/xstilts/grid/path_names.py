"""Validation of names that are parts of paths: their length, and repetitions.

Chains of stages are not checked: a long one is shortened (``chains.chain_label``).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.chains import LONGEST_NAME, TEMPORARY, repeats
from xstilts.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xstilts.config.load import KeyPath
    from xstilts.grid.stages import Stages

LONGEST_PATH = 4095
"""Maximum length of an absolute path in bytes on Linux (``PATH_MAX`` without the final NUL)."""
_FOLDER, _FILE = LONGEST_NAME, LONGEST_NAME - TEMPORARY
"""Longest name of a folder, and longest stem of a product's file."""


def check_path_names(stages: Stages) -> None:
    """Raise a UserError for the first name of a study that cannot be part of a path."""
    for name, longest, key_path in _names(stages):
        size = len(name.encode())
        if size > longest:
            raise UserError(
                f"{stages.lines.where(key_path)}: {_start(name)!r} is {size} bytes long, too "
                f"long for the name of a file. Choose one of at most {longest} bytes."
            )
        if repeats(name):
            raise UserError(
                f"{stages.lines.where(key_path)}: {_start(name)!r} ends in many repetitions, which "
                "Snakemake takes for an infinite recursion. Choose another name."
            )
    path = Path.cwd() / _longest_path(stages)
    if (size := len(str(path).encode())) > LONGEST_PATH:
        raise UserError(
            f"{stages.lines.where(('study',))}: a path of this study has {size} bytes, and "
            f"at most {LONGEST_PATH} work. Choose shorter names, or move the project up."
        )


def _names(stages: Stages) -> Iterator[tuple[str, int, KeyPath]]:
    """Yield name, longest length in bytes, and key path of each."""
    study = stages.study
    yield study.study, _FOLDER, ("study",)
    for index, seed in enumerate(study.seeds):
        yield str(seed), _FOLDER - len("seed-"), ("seeds", index)
    for base in study.bases:
        yield base, _FOLDER, ("bases", base)
    for index, text in enumerate(study.text):
        yield from ((code, _FOLDER, ("text", index, "languages")) for code in text.languages)
    for chain in stages.chains.values():
        for stage in chain:
            yield from ((member.language, _FOLDER, stage.key_path) for member in stage.members)
    for name, node in stages.names.all_targets.items():
        yield name, _FILE, node.key_path
        yield from ((member.language, _FOLDER, node.key_path) for member in node.members)
        for code in node.languages:
            yield code, _FILE, (*node.key_path, "languages")


def _longest_path(stages: Stages) -> str:
    """Return a path that no temporary file of the study exceeds: that of a prediction's log."""
    targets = stages.names.all_targets

    def longest(names: Iterator[str] | list[str]) -> str:
        return max(names, key=lambda name: len(name.encode()), default="")

    parts = (
        longest(list(stages.study.bases)),
        f"seed-{longest([str(seed) for seed in stages.study.seeds])}",
        longest(list(stages.chains)),
        longest(list(targets)),
        longest(code for node in targets.values() for code in node.languages),
    )
    return f"{stages.paths.root}/trivial_baselines/{'/'.join(parts)}{'x' * TEMPORARY}"


def _start(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:37]}..."
