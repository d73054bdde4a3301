"""Tasks of one's own: declared in the study, the same as shipped ones to everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints, field_validator, model_validator

from xstilts.config.recipe import Recipe
from xstilts.config.section import Section
from xstilts.config.texts import Language, Revision, UserPath
from xstilts.kinds import ExampleKind, Split
from xstilts.readers.declared import reader
from xstilts.tasks.base import HubSource, Reader, Task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xstilts.kinds import Kind

Repository = Annotated[
    str, StringConstraints(pattern=r"^[\w-][\w.-]*/[\w-][\w.-]*$"), Field(title="repository")
]
"""``OWNER/REPO``, a dataset repository on the Hugging Face Hub."""

METRICS: Mapping[Kind, tuple[str, ...]] = {
    "classification": ("accuracy", "macro_f1", "weighted_f1"),
    "span": ("mean_em_f1", "f1", "exact_match"),
    "tagging": ("f1", "precision", "recall", "token_accuracy"),
    "multiple_choice": ("accuracy",),
    "retrieval": ("accuracy",),
    "mining": ("f1",),
    "ranking": ("map_at_20", "mrr_at_20", "accuracy"),
}
"""Metrics of each kind that can be a headline; the first is the usual one."""

_SCORERS = {"macro_f1": "class_f1", "weighted_f1": "class_f1"}
"""Metrics that are not those of their kind's module, to the module that has them."""

UNTRAINED = "none"
"""Value of ``train`` for a target that is evaluated without training."""


class SplitFiles(Section):
    """The files of a split that only some of a task's languages have."""

    path: UserPath = Field(description="File pattern, as for a split that all languages have.")
    languages: list[Language] = Field(min_length=1, description="Languages with this split.")


Files = dict[Split, UserPath | SplitFiles]


class OwnHub(Section):
    """A dataset repository on the Hub with the examples of a task of one's own."""

    repository: Repository = Field(description="Dataset repository.")
    revision: Revision = Field("main", description="Commit, tag or branch; name a commit.")
    files: Files = Field(
        min_length=1, description="File pattern in the repository, per split, as in `files`."
    )


class OwnTask(Section):
    """A task that is not shipped; see [adding a task](adding_a_task.md)."""

    kind: ExampleKind = Field(
        description="Kind of task; decides on the columns, the head and the metrics."
    )
    title: str = Field("", description="The question that the task asks of a model, in one line.")
    files: Files | None = Field(
        None,
        description="Per split, the path of its files, from the working directory or absolute. "
        "`{language}` and `{code}` are replaced, `*` matches within a name.",
    )
    hub: OwnHub | None = Field(
        None,
        description="Repository on the Hub, instead of `files`; read from the study's `mirror` if "
        "set, otherwise downloaded.",
    )
    columns: dict[str, str | int | list[str]] = Field(
        {},
        description="Column of each field of the kind, if the two have different names; "
        "`language` is the column with the language.",
    )
    quoted: bool = Field(
        True,
        description="Whether quotation marks in CSV and TSV enclose cells; else, they are text.",
    )
    labels: list[str | int] | dict[str | int, str] = Field(
        [],
        description="Labels in order, or values in the files mapped to labels; by default those of "
        "the training data. For multiple choice, the values that name the choices, in order.",
    )
    languages: list[Language] = Field(min_length=1, description="Languages of the task.")
    codes: dict[Language, str] = Field(
        {}, description="Code of a language in files, paths (`{code}`) and the language column."
    )
    metric: str | None = Field(
        None, description="Headline metric; by default the usual one of the kind."
    )
    train: str | None = Field(
        None,
        description="Task that the target stage trains on; by default the task itself if it has "
        "a training set. `none` evaluates without training.",
    )
    unanswerable: bool = Field(
        False, description="Whether questions may have no answer, scored as in SQuAD v2.0 (span)."
    )
    licence: str = Field("", description="Licence of the data, for the plan.")
    recipe: Recipe = Field(
        default_factory=Recipe,
        description="Recipe of the task; `selection` is `last` by default if it has no validation "
        "split.",
    )

    @field_validator("labels", mode="before")
    @classmethod
    def _no_yaml_booleans(cls, labels: object) -> object:
        """Reject YAML's ``yes`` and ``no``, which are not the labels that files have."""
        if isinstance(labels, list | dict) and any(isinstance(label, bool) for label in labels):
            raise ValueError(
                "YAML reads yes, no, true and false without quotation marks as truth values. "
                'Quote labels as the files have them: ["yes", "no"]'
            )
        return labels

    @model_validator(mode="after")
    def _one_origin(self) -> OwnTask:
        if (self.files is None) == (self.hub is None):
            raise ValueError("give exactly one of files, hub")
        if not self.split_files:
            raise ValueError("files needs at least one split: train, validation or test")
        return self

    @property
    def split_files(self) -> Files:
        """The files of each split, of the working directory or of the repository."""
        return self.hub.files if self.hub else self.files or {}

    @property
    def patterns(self) -> dict[Split, str]:
        """The file pattern of each split."""
        return {
            split: found if isinstance(found, str) else found.path
            for split, found in self.split_files.items()
        }

    @property
    def label_names(self) -> tuple[str, ...]:
        """The labels in order; empty if the training data define them."""
        given = self.labels.values() if isinstance(self.labels, dict) else self.labels
        return tuple(dict.fromkeys(map(str, given)))

    def task(self, name: str) -> Task:
        """Return the task as shipped ones are defined.

        Args:
            name: its name, the key in the study; checked by ``xstilts.grid.check_own_tasks``.
        """
        choices = self.columns.get("choices")
        values = self.label_names
        if self.kind == "multiple_choice" and not values and isinstance(choices, list):
            values = tuple(map(str, range(len(choices))))
        renamed = self.labels if isinstance(self.labels, dict) else {}
        read = reader(
            self.kind,
            next(iter(self.patterns.values())),
            self.columns,
            labels=values,
            renamed={str(value): label for value, label in renamed.items()},
            unanswerable=self.unanswerable,
            codes=self.codes,
            quoted=self.quoted,
        )
        labelled = self.kind in ("classification", "tagging")
        files: dict[Split, tuple[str, ...]] = {s: (path,) for s, path in self.patterns.items()}
        return Task(
            name=name,
            kind=self.kind,
            title=self.title,
            languages=tuple(self.languages),
            files=files,
            read=read,
            codes=self.codes,
            labels=values if labelled else (),
            metric=(metric := self.metric or METRICS[self.kind][0]),
            scorer="squad_v2" if self.unanswerable else _SCORERS.get(metric, ""),
            may_lack_answer=self.unanswerable,
            train=self._trained_on(name),
            recipe=({} if "validation" in files else {"selection": "last"}) | self.recipe.given(),
            hub=self._hub_source(files, read) if self.hub else None,
            splits_of=self._splits_of(),
            choices=len(values) if self.kind == "multiple_choice" else 1,
            licence=self.licence or "not stated in the study",
            citation="",
            homepage="",
        )

    def _hub_source(self, files: Mapping[Split, tuple[str, ...]], read: Reader) -> HubSource:
        assert self.hub is not None
        return HubSource(
            repo=self.hub.repository,
            revision=self.hub.revision,
            files=files,
            read=read,
            codes=self.codes,
        )

    def _trained_on(self, name: str) -> str | None:
        if self.train is None:
            return name if "train" in self.patterns else None
        return None if self.train == UNTRAINED else self.train

    def _splits_of(self) -> dict[str, tuple[Split, ...]]:
        """The splits of the languages that do not have all."""
        found: dict[str, tuple[Split, ...]] = {}
        for language in self.languages:
            splits: tuple[Split, ...] = tuple(
                split
                for split, files in self.split_files.items()
                if isinstance(files, str) or language in files.languages
            )
            if len(splits) < len(self.split_files):
                found[language] = splits
        return found
