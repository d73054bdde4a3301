"""What a task is: data about one data set, and how to read its original files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from xstilts.kinds import Kind, Row, Split

Reader = Callable[["Sequence[Path]", str], "Iterator[Row]"]
"""Files and a language to examples."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HubSource:
    """The examples of a task in a dataset repository of the Hugging Face hub.

    Studies with ``source: hub`` download its files; those with ``source: mirror`` find them below
    ``MIRROR/REPO/``.
    """

    repo: str
    """``OWNER/REPO``."""
    revision: str
    """Commit, or branch where no commit is known to hold the files; a study may pin another."""
    files: Mapping[Split, tuple[str, ...]]
    """Per split, file patterns inside the repository, as in :class:`Task`."""
    read: Reader
    """Yields the examples of (files, language); raises UserError naming the file."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """Language code to the code in the repository's paths, where the two differ."""
    languages: tuple[str, ...] = ()
    """Languages that the repository has; empty for all of the task."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One data set with all that the workflow has to know about it."""

    name: str
    """The name used in studies and paths: lower case, digits, underscores."""
    kind: Kind
    """Decides the data schema, the head, the prediction and the metrics."""
    title: str
    """What the data set asks of a model, in one line."""
    languages: tuple[str, ...]
    """Language codes (ISO 639-1 where there is one) for which any split exists."""
    files: Mapping[Split, tuple[str, ...]]
    """Per split, file patterns under ``data_root`` in order of preference; ``{language}`` and
    ``{code}`` are filled in, ``*`` matches, ``a|b`` is one or the other folder or file name. All
    files of the first that matches are read; of one whose parts are joined by " + ", each part
    must match."""
    read: Reader
    """Yields the examples of (files, language); raises UserError naming file and line."""
    parts: tuple[Task, ...] = ()
    """Tasks of which this one is the concatenation: their files are read one after the other, and
    ``files`` only says which splits there are."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """Language code to the code in file names, where the two differ."""
    labels: tuple[str, ...] = ()
    """Label names of a classification or tagging task, in a fixed order; the index is the class.
    Empty for such a task: the labels are those of its training data, in alphabetical order."""
    metric: str
    """The headline metric, on a 0-100 scale."""
    scorer: str = ""
    """Module of ``xstilts.metrics`` with the task's own rules, where those of its kind do not
    hold."""
    may_lack_answer: bool = False
    """Whether the right answer may be that there is none (span): decoding then weighs the best
    span against no answer."""
    train: str | None = None
    """What the target stage trains on (``TASK`` in the study's source language); None for a task
    that is evaluated without training."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    """Recipe of the field for this task; a study may override each key."""
    hub: HubSource | None = None
    """The same examples on the Hugging Face hub; None if they are not there."""
    splits_of: Mapping[str, tuple[Split, ...]] = field(default_factory=dict)
    """Languages that lack a split: language to the splits that it has."""
    sizes: Mapping[Split, int | tuple[int, int]] = field(default_factory=dict)
    """Examples of a split per language as released: one number, or the least and the most."""
    sizes_of: Mapping[str, Mapping[Split, int]] = field(default_factory=dict)
    """The same of single languages, where it is known and ``sizes`` has no one number."""
    download: int = 0
    """Bytes of the release's archives, all languages, by its dataset card; 0 if not known."""
    words: int = 0
    """Words in a sequence that the model reads (both texts, question and context, or one choice
    with what stands before it), about: the mean of some hundred examples, in English where there
    are any; for plans alone. 0 where it is not known."""
    choices: int = 1
    """Answers to choose from (multiple choice)."""
    microworld: str | None = None
    """Which generator of the microworld renders this task; None for one that has no invented
    counterpart, which a study with ``source: microworld`` cannot use."""
    stream: str = ""
    """Tasks of one generator and one stream have the same generated examples; a data set that is
    another one in the real world has a stream of its own."""
    licence: str
    restricted: str = ""
    """Why nobody may pass the data on, so that a user must get them; empty where they may."""
    citation: str
    homepage: str

    def splits(self, language: str) -> tuple[Split, ...]:
        """The splits that exist for a language."""
        return self.splits_of.get(language, tuple(self.files))

    def size(self, language: str, split: Split) -> int | tuple[int, int] | None:
        """Examples of a split in a language: one number, a range, or None if it is not known."""
        return self.sizes_of.get(language, {}).get(split) or self.sizes.get(split)
