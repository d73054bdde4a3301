"""CCG supertagging on CCGbank, which users get from the LDC (LDC2005T13) themselves."""

from __future__ import annotations

from xstilts.readers.ccgbank import read_categories
from xstilts.tasks import udpos
from xstilts.tasks.base import Task

_ROOTS = ("ccg", "ccg/data", "ccgbank_1_1/data", "LDC2005T13/data", "ccgbank/data")


def _patterns(table: str, *sections: int) -> tuple[str, ...]:
    """A table of C&C, or CCGbank's derivations of these sections of the Wall Street Journal."""
    folders = "|".join(f"{section:02}" for section in sections)
    trees = (f"{root}/AUTO/{folders}/wsj_*.auto" for root in _ROOTS)
    return (f"ccg/{table}.stagged", *trees)


TASK = Task(
    name="ccg",
    kind="tagging",
    title="The lexical category of every word in a combinatory categorial grammar",
    languages=("en",),
    # the sections that the field trains, develops and tests on
    files={
        "train": _patterns("wsj02-21", *range(2, 22)),
        "validation": _patterns("wsj00", 0),
        "test": _patterns("wsj23", 23),
    },
    read=read_categories,
    # No labels: there are more than a thousand, and the training data say which.
    metric="token_accuracy",
    train="ccg",
    # that of part-of-speech tagging; jiant gives none for CCG
    recipe=udpos.TASK.recipe,
    words=24,
    microworld="pos",
    stream="ccg",
    licence="LDC2005T13: LDC User Agreement; not distributed with anything",
    restricted="sold by the LDC to those who sign its user agreement",
    citation="@article{hockenmaier-steedman-2007-ccgbank, "
    "title={{CCG}bank: A Corpus of {CCG} Derivations and Dependency Structures Extracted from the "
    "{P}enn {T}reebank}, author={Hockenmaier, Julia and Steedman, Mark}, "
    "journal={Computational Linguistics}, year={2007}}",
    homepage="https://catalog.ldc.upenn.edu/LDC2005T13",
)
