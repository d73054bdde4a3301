"""The benchmarks: the files of each task, its languages, and the groups of tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xstilts.readers.conllu import UPOS
from xstilts.suites import XTREME, XTREME_R, Suite
from xstilts.tasks import mnli, panx, pawsx


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskSpec:
    """The files of one task."""

    format: str
    """Module of ``xstilts.submission.formats`` that reads and scores them."""
    labels: tuple[str, ...] = ()
    """Labels allowed in the files, for formats with a closed set of labels."""


SPECS: Mapping[str, TaskSpec] = {
    "pawsx": TaskSpec(format="labels", labels=pawsx.LABELS),
    "xnli": TaskSpec(format="labels", labels=tuple(sorted(mnli.LABELS))),
    "xcopa": TaskSpec(format="choices", labels=("0", "1")),
    "panx": TaskSpec(format="tags", labels=panx.LABELS),
    "udpos": TaskSpec(format="tags", labels=tuple(UPOS)),
    "xquad": TaskSpec(format="answers"),
    "mlqa": TaskSpec(format="answers_mlqa"),
    "tydiqa": TaskSpec(format="answers"),
    "bucc2018": TaskSpec(format="pairs"),
    "tatoeba": TaskSpec(format="line_numbers"),
    "mewslix": TaskSpec(format="entities"),
}
"""Tasks that the layout supports; LAReQA is not one of them."""

LINE_FORMATS = {"labels", "choices", "tags", "line_numbers"}
"""Formats whose predictions belong to the label of the same line, so that none can be missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Benchmark:
    """A set of tasks whose scores are averaged."""

    name: str
    tasks: Suite
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Tasks by name of the group; ``all_task`` is the mean over all tasks, not over groups."""


_SHARED_GROUPS = {"tagging": ("udpos", "panx"), "qa": ("xquad", "mlqa", "tydiqa")}

BENCHMARKS: Mapping[str, Benchmark] = {
    "xtreme": Benchmark(
        name="xtreme",
        tasks=XTREME,
        groups={
            "classification": ("pawsx", "xnli"),
            **_SHARED_GROUPS,
            "retrieval": ("bucc2018", "tatoeba"),
        },
    ),
    # The released script counts XCOPA in two groups and requires LAReQA, which it cannot score,
    # for an overall score; here that is the mean over the tasks that it can score.
    "xtreme-r": Benchmark(
        name="xtreme-r",
        tasks={task: languages for task, languages in XTREME_R.items() if task in SPECS},
        groups={
            "classification": ("xnli", "xcopa"),
            **_SHARED_GROUPS,
            "retrieval": ("tatoeba", "mewslix"),
            "multi_choice": ("xcopa",),
        },
    ),
}
"""google-research/xtreme ``evaluate.py``: GROUP2TASK and XTREME_R_GROUP2TASK."""
