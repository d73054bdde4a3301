"""CCG supertagging on CCGbank, which users obtain from the LDC (LDC2005T13) themselves."""

from __future__ import annotations

from xstilts.readers.ccgbank import read_categories
from xstilts.tasks import udpos
from xstilts.tasks.base import Task

_ROOTS = ("ccg", "ccg/data", "ccgbank_1_1/data", "LDC2005T13/data", "ccgbank/data")


def _patterns(table: str, *sections: int) -> tuple[str, ...]:
    """Patterns of a C&C table, or of CCGbank's derivations of Wall Street Journal sections."""
    folders = "|".join(f"{section:02}" for section in sections)
    trees = (f"{root}/AUTO/{folders}/wsj_*.auto" for root in _ROOTS)
    return (f"ccg/{table}.stagged", *trees)


TASK = Task(
    name="ccg",
    kind="tagging",
    title="CCG supertagging: the lexical category of every word",
    languages=("en",),
    # the standard sections for training, development and test
    files={
        "train": _patterns("wsj02-21", *range(2, 22)),
        "validation": _patterns("wsj00", 0),
        "test": _patterns("wsj23", 23),
    },
    read=read_categories,
    # No labels: the training data define them (more than a thousand).
    metric="token_accuracy",
    train="ccg",
    # the recipe of part-of-speech tagging; jiant has none for CCG
    recipe=udpos.TASK.recipe,
    # Hockenmaier and Steedman, 2007; Clark and Curran, 2007
    sizes={"train": 39_604, "validation": 1_913, "test": 2_407},
    words=24,
    microworld="pos",
    stream="ccg",
    licence="LDC2005T13: LDC User Agreement; no redistribution",
    restricted="sold by the LDC under its user agreement",
    citation="@article{hockenmaier-steedman-2007-ccgbank, "
    "title={{CCG}bank: A Corpus of {CCG} Derivations and Dependency Structures Extracted from the "
    "{P}enn {T}reebank}, author={Hockenmaier, Julia and Steedman, Mark}, "
    "journal={Computational Linguistics}, year={2007}}",
    homepage="https://catalog.ldc.upenn.edu/LDC2005T13",
)
