"""The definition of a task: facts about one data set, and how to read its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from xstilts.kinds import Kind, Row, Split

Reader = Callable[["Sequence[Path]", str], "Iterator[Row]"]
"""Maps files and a language to examples."""


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
    """Languages that the repository has; empty if it has all of the task."""
    differs: str = ""
    """How its examples differ from the evaluated ones (the release's), so that ``source: auto``
    does not take it; empty if they are the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive:
    """A file of an official release on the web: an archive of several files, or one plain file."""

    url: str
    """Its address; ``{language}`` and ``{code}`` are filled in."""
    seen: str
    """Where the address, and the names of the members, were seen: a public page, or a file of a
    repository."""
    members: tuple[str, ...] = ()
    """Patterns of the members that tasks read, as in :class:`Task`; each matches at least one.
    Those after ``!`` are members of a member that is an archive itself. Empty for a plain file."""
    into: str = ""
    """Folder of the members in the layout of ``data_root``, below which they keep their paths; name
    of a plain file in it, with ``{language}`` and ``{code}``."""
    strip: int = 0
    """Leading folders of the members' paths to leave out."""
    sha256: str = ""
    """Published or known checksum; if empty, that of the first download counts."""
    size: int = 0
    """Bytes; 0 if unknown."""
    languages: tuple[str, ...] = ()
    """Languages that are read from it; empty for all of the release."""
    unverified: str = ""
    """What nobody could confirm: the address, or the names of the members. Empty if nothing."""


def on_github(repo: str, commit: str, path: str, into: str) -> Archive:
    """Return a file of a GitHub repository at a commit, which never changes.

    Args:
        repo: ``OWNER/REPO``.
        commit: all 40 digits.
        path: in the repository, with ``{language}`` or ``{code}``.
        into: as in :class:`Archive`.
    """
    url = f"https://raw.githubusercontent.com/{repo}/{commit}/{path}"
    return Archive(url=url, into=into, seen=f"github.com/{repo}, listing of the commit")


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """The official release of a task on the web (``source: url``).

    Unpacked, its files have names in :attr:`Task.files` and are read by :attr:`Task.read`.
    """

    files: Mapping[Split, tuple[Archive, ...]]
    """Per split, what to download."""
    lacks: str = ""
    """The splits that it lacks, and why, for the error; empty if none."""
    languages: tuple[str, ...] = ()
    """Languages that the release has; empty if it has all of the task."""
    version: str = ""
    """Name of this version, if the task can be read from several."""
    versions: tuple[Release, ...] = ()
    """Further versions, which a study chooses with the key ``versions``."""


DEV_NAMED: Mapping[Split, str] = {"train": "train", "validation": "dev", "test": "test"}
"""The usual names of the files of splits."""

CONVERTED: Mapping[Split, tuple[str, ...]] = {
    "train": ("{code}/train/*.parquet",),
    "validation": ("{code}/validation/*.parquet",),
    "test": ("{code}/test/*.parquet",),
}
"""Files of the hub's own conversion to Parquet (``refs/convert/parquet``), by language."""


def files_by_language(
    folders: Sequence[str], ending: str, names: Mapping[Split, str] = DEV_NAMED
) -> dict[Split, tuple[str, ...]]:
    """Return the patterns of a release with a folder per language and a file per split.

    Args:
        folders: those that may hold the folders of the languages, the preferred one first.
        ending: of the files, such as ``.tsv``.
        names: split to the name of its file.
    """
    return {
        split: tuple(f"{folder}/{{code}}/{name}{ending}" for folder in folders)
        for split, name in names.items()
    }


def release_by_language(
    repo: str,
    commit: str,
    folder: str,
    into: str,
    ending: str,
    names: Mapping[Split, str] = DEV_NAMED,
) -> Release:
    """Return the release of such files in a GitHub repository.

    Args:
        repo: ``OWNER/REPO``.
        commit: all 40 digits.
        folder: in the repository, with the folders of the languages.
        into: the same folder below ``data_root``.
        ending: of the files, such as ``.tsv``.
        names: split to the name of its file.
    """
    paths = files_by_language([folder], ending, names)
    targets = files_by_language([into], ending, names)
    return Release(
        files={
            split: (on_github(repo, commit, paths[split][0], targets[split][0]),) for split in names
        }
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One data set with everything that the workflow knows about it."""

    name: str
    """The name used in studies and paths: lower case, digits, underscores."""
    kind: Kind
    """Decides the data schema, the head, the prediction and the metrics."""
    title: str
    """The question that the data set asks of a model, in one line."""
    languages: tuple[str, ...]
    """Language codes (ISO 639-1 if one exists) for which any split exists."""
    files: Mapping[Split, tuple[str, ...]]
    """Per split, file patterns under ``data_root`` in order of preference; ``{language}`` and
    ``{code}`` are filled in, ``*`` matches any text, ``a|b`` either folder or file name. All files
    of the first pattern that matches are read; if its parts are joined by " + ", each part must
    match."""
    read: Reader
    """Yields the examples of (files, language); raises UserError naming file and line."""
    parts: tuple[Task, ...] = ()
    """Tasks of which this one is the concatenation: their files are read one after the other, and
    ``files`` only names the existing splits."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """Language code to the code in file names, where the two differ."""
    labels: tuple[str, ...] = ()
    """Label names of a classification or tagging task, in a fixed order; the index is the class.
    If empty, the labels are those of the training data, in alphabetical order."""
    metric: str
    """The headline metric, on a 0-100 scale."""
    scorer: str = ""
    """Module of ``xstilts.metrics`` with the task's own rules, if they differ from those of its
    kind."""
    may_lack_answer: bool = False
    """True if a question may have no answer (span): decoding then compares the best span with no
    answer."""
    train: str | None = None
    """Task that the target stage trains on, in the study's source language; None for a task that
    is evaluated without training."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    """Published recipe for this task; a study may override each key."""
    hub: HubSource | None = None
    """The same examples on the Hugging Face hub; None if the hub does not have them."""
    release: Release | None = None
    """Its official release on the web; None if it cannot be downloaded from there."""
    splits_of: Mapping[str, tuple[Split, ...]] = field(default_factory=dict)
    """Existing splits of each language that lacks one."""
    sizes: Mapping[Split, int | tuple[int, int]] = field(default_factory=dict)
    """Examples per split and language as released and read, queries for kinds with candidates: one
    number, or minimum and maximum. Other numbers lead to a remark."""
    sizes_of: Mapping[str, Mapping[Split, int]] = field(default_factory=dict)
    """The same for single languages, if known and ``sizes`` has a range or nothing."""
    corpus: str = ""
    """Corpus that the texts are from, if several tasks have texts of it; else they are its own."""
    includes: tuple[str, ...] = ()
    """Names of other tasks whose training examples are among those of this one, which are no
    parts of it."""
    differs: str = ""
    """Known difference between the releases that are read, for a remark on another number of
    examples."""
    download: int = 0
    """Size of the release's archives in bytes, all languages, from its dataset card; 0 if
    unknown."""
    words: int = 0
    """Approximate words of a model input (both texts, question and context, or one choice with its
    context): the mean of a few hundred examples, in English if available; only for estimates. 0 if
    unknown."""
    choices: int = 1
    """Number of answers to choose from (multiple choice)."""
    microworld: str | None = None
    """Generator of the task's microworld version; None if it has none, so that a study with
    ``source: microworld`` cannot use the task."""
    stream: str = ""
    """Tasks with the same generator and stream share their generated examples; different real data
    sets have different streams."""
    licence: str
    restricted: str = ""
    """Why the data may not be redistributed, so that users must obtain them themselves; empty if
    they may."""
    citation: str
    homepage: str

    @property
    def data(self) -> frozenset[str]:
        """The names of the tasks whose training examples this one has: its own, parts, included."""
        of_parts = (part.data for part in self.parts)
        return frozenset({self.name, *self.includes}).union(*of_parts)

    def splits(self, language: str) -> tuple[Split, ...]:
        """The existing splits of a language."""
        return self.splits_of.get(language, tuple(self.files))

    def size(self, language: str, split: Split) -> int | tuple[int, int] | None:
        """Examples of a split in a language: one number, a range, or None if unknown."""
        return self.sizes_of.get(language, {}).get(split) or self.sizes.get(split)
