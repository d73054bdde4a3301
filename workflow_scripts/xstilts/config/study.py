"""The study file: bases x seeds x strategies x targets, their data and protocol."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from xstilts.chains import EMPTY_CHAIN
from xstilts.config.bases import Base
from xstilts.config.own_task import OwnTask, Repository
from xstilts.config.parallel import Parallel
from xstilts.config.protocol import ProtocolName
from xstilts.config.recipe import Recipe, Recipes
from xstilts.config.runtime import Logging, Resources
from xstilts.config.scale import SMALL_MODEL, Scale, ScaledVersion
from xstilts.config.section import Section
from xstilts.config.texts import Language, Revision, TextPattern, UserPath
from xstilts.config.translations import Translations
from xstilts.suites import GroupName, SuiteName
from xstilts.tasks import TASKS

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$"), Field(title="name")]
"""Lower-case name that is safe in a path."""

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xstilts.tasks.base import Task

Mixture = str | list[str]
"""One training set (``mnli``, ``pawsx@de``, ``mnli@de:translated``) or a list of them."""


class Stage(Section):
    """A named stage, for stages that need a recipe or a short name."""

    mixture: Mixture = Field(
        description="Training set `TASK`, `TASK@LANGUAGE` or `TASK@LANGUAGE:translated`, or a list."
    )
    recipe: Recipe = Field(default_factory=Recipe, description="Recipe overrides for this stage.")


class Target(Section):
    """A task that is evaluated in each language."""

    task: str | None = Field(None, description="Task; by default the target's name.")
    languages: Literal["all", GroupName] | list[Language] = Field(
        "all",
        description="Languages to evaluate: a list, `all` languages of the task, or a named group "
        "of them (all languages in the microworld).",
    )
    split: Literal["validation", "test"] = Field("test", description="Split to evaluate.")
    train: Mixture | None = Field(
        None,
        description="Training sets of the target stage; by default the task's English training "
        "set. `none` evaluates the chain's encoder without training (ranking tasks).",
    )
    recipe: Recipe = Field(default_factory=Recipe, description="Recipe overrides for this target.")


class Sizes(Section):
    """Numbers of generated examples per split."""

    train: int = Field(2000, ge=1, description="Number of training examples.")
    validation: int = Field(200, ge=1, description="Number of validation examples.")
    test: int = Field(300, ge=1, description="Number of test examples per language.")


TaskSource = Literal["auto", "original", "hub", "mirror", "url"]
SourceName = Literal["microworld"] | TaskSource

Difficulty = Literal["easy", "medium", "hard"]


class WorldTask(Sizes):
    """Settings of one task of the generated world."""

    difficulty: Difficulty | None = Field(
        None, description="Difficulty of its examples; `microworld.difficulty` by default."
    )


class Microworld(Section):
    """The generated family of languages (`source: microworld`)."""

    seed: int = Field(0, ge=0, description="Seed of the world: lexicons, facts and examples.")
    languages: int = Field(
        6, ge=2, description="Number of languages, including the source language."
    )
    difficulty: Difficulty = Field(
        "medium",
        description="Difficulty of inference, question answering and multiple-choice examples.",
    )
    sizes: Sizes = Field(Sizes(), description="Number of examples per task and split.")
    tasks: dict[str, WorldTask] = Field(
        {}, description="Settings of single tasks, which replace `sizes` and `difficulty`."
    )
    text: int = Field(
        4000, ge=1, description="Number of lines of pretraining text in the largest language."
    )


class Text(Section):
    """Text for masked language modelling: from a task's examples, from files, or from the Hub."""

    task: str | None = Field(None, description="Task whose examples are used as text.")
    split: Literal["train", "validation", "test"] = Field("train", description="Split of the task.")
    files: TextPattern | None = Field(
        None,
        description="Plain text files with one text per line, or tables (`.parquet`, `.json`, "
        "`.jsonl`, `.csv`, `.tsv`); `{language}` is replaced, `*` matches within a name.",
    )
    hub: Repository | None = Field(
        None,
        description="Dataset repository on the Hub that contains `files`; read from the study's "
        "`mirror` if set (with `source: auto`, if it has them), otherwise downloaded.",
    )
    column: str = Field(
        "text", description="Text column of tables; each line of a value is one text."
    )
    limit: int | None = Field(
        None, ge=1, description="Maximum number of distinct texts per language, from the start."
    )
    languages: list[Language] = Field(min_length=1, description="Languages of the text.")
    pairs: bool = Field(
        False,
        description="Pair each language with the source language by example id, for "
        "translation-pair MLM.",
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Text:
        if (self.task is None) == (self.files is None):
            raise ValueError("give exactly one of task, files")
        if self.pairs and self.task is None:
            raise ValueError("pairs needs task: plain files have no example ids to align by")
        if self.task is not None and (self.hub is not None or self.limit is not None):
            raise ValueError("hub and limit need files, not task")
        return self


class Study(Section):
    """One study: everything that determines its results."""

    study: Name = Field(description="Name of the study; results are written to `results/NAME/`.")
    question: str = Field(
        "", description="Research question in one sentence, shown above the tables."
    )
    source: SourceName = Field(
        "auto",
        description="Source of the examples: generated (`microworld`), original release files, a "
        "local copy of repositories of the Hugging Face Hub (`mirror`), these repositories, or the "
        "official release by URL. `auto` takes for each task, language and split the first of the "
        "last four that has exactly the evaluated examples, and keeps to it.",
    )
    sources: dict[str, TaskSource] = Field(
        {}, description="Source of single tasks, which overrides `source`: `{udpos: original}`."
    )
    when_missing: Literal["error", "skip"] = Field(
        "error",
        description="What to do about data that no source has: stop with an error, or leave out "
        "the strategies and targets that need them and say so in all tables.",
    )
    data_root: UserPath | None = Field(
        None, description="Folder of the original release files, if you have them."
    )
    mirror: UserPath | None = Field(
        None,
        description="Folder with copies of Hub repositories, as `OWNER/REPO/PATH`, if you have "
        "them.",
    )
    hub_cache: UserPath = Field("data/hub", description="Download folder, shared by all studies.")
    release_cache: UserPath = Field(
        "data/releases",
        description="Folder of the releases that are downloaded by URL, shared by all studies.",
    )
    url_mirrors: dict[str, str] = Field(
        {},
        description="Other addresses to download releases from: the start of a URL, such as "
        "`https://dl.fbaipublicfiles.com/`, and its replacement. Checksums stay the same.",
    )
    versions: dict[str, str] = Field(
        {}, description="Version of a task's release to download, for tasks that have several."
    )
    revisions: dict[Repository, Revision] = Field(
        {},
        description="Commit or branch to download, by Hub repository; by default the revision "
        "that the task pins.",
    )
    source_language: Language = Field(
        "en", description="Language of training sets without `@LANGUAGE` (`qaa` in the microworld)."
    )
    microworld: Microworld = Field(Microworld(), description="Settings of the generated world.")
    tasks: dict[str, OwnTask] = Field({}, description="Tasks of one's own, by name.")
    text: list[Text] = Field([], description="Text for pretraining and MLM stages.")
    known_contamination: list[str] = Field(
        [],
        description="Corpora whose evaluated texts are also trained on as `text`, which is an "
        "error otherwise: a task's name, or `flores200` for all tasks with its sentences. Tables "
        "mark these cells.",
    )
    translations: Translations = Field(
        Translations(), description="Sources of `TASK@LANGUAGE:translated`."
    )
    seeds: list[int] = Field(
        min_length=1, description="Random seeds; every chain is run once per seed."
    )
    bases: dict[Name, Base] = Field(min_length=1, description="Pretrained base models by name.")
    stages: dict[Name, Stage] = Field({}, description="Named stages, for use in strategies.")
    strategies: dict[Name, list[Mixture]] = Field(
        min_length=1,
        description="Intermediate stages of each strategy, in order; each is a named stage, a "
        "training set or a list of training sets; an empty list trains on the target only. "
        "`target` in the last stage trains it jointly with the target: `[[mnli, target]]`.",
    )
    baseline: Name = Field(EMPTY_CHAIN, description="Strategy that all others are compared with.")
    contrasts: list[tuple[Name, Name]] = Field(
        [],
        description="Pairs of strategies to compare, first minus second, in addition to the "
        "comparisons with the baseline: `[[a-then-b, b-then-a]]`.",
    )
    correct_over: Literal["targets", "strategies", "all"] = Field(
        "targets",
        description="Family of tests for the Holm correction of p-values: the targets of each "
        "comparison, the comparisons of each target, or all tests of a base model.",
    )
    replicates: int = Field(
        10_000,
        ge=1000,
        le=1_000_000,
        description="Number of bootstrap replicates for intervals and p-values.",
    )
    targets: dict[Name, Target] = Field({}, description="Evaluated targets by name.")
    suites: list[SuiteName] = Field(
        [],
        description="Named suites of targets, in the suite's languages (in the microworld, the "
        "tasks that it generates, in all its languages); an entry of `targets` with the same name "
        "overrides single keys.",
    )
    protocol: ProtocolName = Field("recommended", description="Evaluation protocol.")
    prediction_precision: Literal["fp32", "bf16"] = Field(
        "fp32",
        description="Precision of the encoder in prediction; heads compute in fp32. `bf16` is "
        "faster on hardware that supports it and can change close decisions.",
    )
    further_protocols: list[ProtocolName] = Field(
        [],
        description="Additional protocols for evaluating the same models, each with its own "
        "scores and tables (`tables/PROTOCOL/`).",
    )
    choose_on: Literal["all", "source"] | None = Field(
        None,
        description="Also evaluate every target on its development sets, in all its languages or "
        "only in the source language (if it has one), and choose its best strategy there "
        "(`tables/best.*`, claims about the best strategy).",
    )
    recipes: Recipes = Field(Recipes(), description="Training recipes by level.")
    parallel: Parallel = Field(
        Parallel(), description="Data-parallel training of stages; bases can override it."
    )
    scale: Scale = Field(
        "full",
        description="`small` runs the study with a small real encoder on the first examples of "
        "real data, `microworld` in a generated world: `small_scale` or `microworld_scale` "
        "replaces keys, and results are written to `results/NAME-SCALE/`.",
    )
    small_scale: ScaledVersion = Field(ScaledVersion(), description="Changes for `scale: small`.")
    microworld_scale: ScaledVersion = Field(
        ScaledVersion(), description="Changes for `scale: microworld`."
    )
    small_base: str | None = Field(
        None,
        description=f"Folder of the checkpoint that replaces the Hub's `{SMALL_MODEL}` in `bases`; "
        "its prior training is taken to be the same.",
    )
    claims: list[UserPath] = Field(
        [], description="Files of claims to check against the results (`studies/claims/`)."
    )
    resources: Resources = Field(
        Resources(), description="Sharing of the machine between jobs; does not change results."
    )
    logging: Logging = Field(
        Logging(), description="Additional logging of training curves; does not change results."
    )

    @field_validator("seeds")
    @classmethod
    def _each_seed_once(cls, seeds: list[int]) -> list[int]:
        """Reject duplicate seeds, which would count twice in every average."""
        for number, seed in enumerate(seeds):
            if seed < 0:
                raise ValueError(f"{seed} is negative. Use 0 or more")
            if seed in seeds[:number]:
                raise ValueError(f"{seed} is listed twice. Remove one")
        return seeds

    @cached_property
    def known_tasks(self) -> Mapping[str, Task]:
        """The tasks by name: the shipped ones, then the study's own."""
        return TASKS | {name: own.task(name) for name, own in self.tasks.items()}
