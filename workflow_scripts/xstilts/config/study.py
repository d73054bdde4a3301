"""The study file: bases x seeds x strategies x targets, their data and their protocol."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from xstilts.chains import EMPTY_CHAIN
from xstilts.config.bases import Base
from xstilts.config.parallel import Parallel
from xstilts.config.protocol import ProtocolName
from xstilts.config.recipe import Recipe, Recipes
from xstilts.config.runtime import Logging, Resources
from xstilts.config.scale import MicroworldScale, Scale
from xstilts.config.section import Section
from xstilts.config.translations import Translations
from xstilts.suites import GroupName, SuiteName

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$"), Field(title="name")]
"""Lower-case name that can stand in a path."""

Repository = Annotated[
    str, StringConstraints(pattern=r"^[\w-][\w.-]*/[\w-][\w.-]*$"), Field(title="repository")
]
"""``OWNER/REPO``, a dataset repository of the Hugging Face hub."""

UNTRAINED = "none"
"""Stands for the training sets of a target that is to be evaluated without training."""

Mixture = str | list[str]
"""One training set (``mnli``, ``pawsx@de``, ``mnli@de:translated``) or several, as a list."""


class Stage(Section):
    """A named stage, for one that needs more than the names of its training sets."""

    mixture: Mixture = Field(
        description="Training sets: `TASK`, `TASK@LANGUAGE`, `TASK@LANGUAGE:translated`, or a list."
    )
    recipe: Recipe = Field(default_factory=Recipe, description="Overrides for this stage.")


class Target(Section):
    """A task to be measured, per language."""

    task: str | None = Field(None, description="The task; by default the target's own name.")
    languages: Literal["all", GroupName] | list[str] = Field(
        "all",
        description="Languages to evaluate; `all` that the task has, or those of a part of the "
        "world (in the microworld, all).",
    )
    split: Literal["validation", "test"] = Field("test", description="Split to evaluate.")
    train: Mixture | None = Field(
        None,
        description="Training sets of the target stage; by default the task's own, in English. "
        "`none` compares the vectors of the chain's encoder as they are (ranking tasks).",
    )
    recipe: Recipe = Field(default_factory=Recipe, description="Overrides for this target.")


class Sizes(Section):
    """Numbers of generated examples."""

    train: int = Field(2000, ge=1, description="Training examples.")
    validation: int = Field(200, ge=1, description="Validation examples.")
    test: int = Field(300, ge=1, description="Test examples per language.")


Difficulty = Literal["easy", "medium", "hard"]


class WorldTask(Sizes):
    """Examples of one task of the generated world."""

    difficulty: Difficulty | None = Field(
        None, description="How hard its examples are; by default as those of all tasks."
    )


class Microworld(Section):
    """The generated family of languages (`source: microworld`)."""

    seed: int = Field(0, ge=0, description="Seed of the world: lexicons, facts and examples.")
    languages: int = Field(6, ge=2, description="Number of languages, the source one included.")
    difficulty: Difficulty = Field(
        "medium",
        description="How hard the examples of inference, question answering and choice are.",
    )
    sizes: Sizes = Field(Sizes(), description="Examples per task.")
    tasks: dict[str, WorldTask] = Field({}, description="Examples of single tasks.")
    text: int = Field(4000, ge=1, description="Lines of pretraining text in the largest language.")


class Text(Section):
    """Text for masked language modelling: from a task's data, from files, or from the hub."""

    task: str | None = Field(None, description="Use the texts of this task's examples.")
    split: Literal["train", "validation", "test"] = Field("train", description="Split of the task.")
    files: str | None = Field(
        None,
        description="Plain text files, one text per line, or tables (`.parquet`, `.json`, "
        "`.jsonl`, `.csv`, `.tsv`); `{language}` is filled in, `*` matches within a name.",
    )
    hub: Repository | None = Field(
        None,
        description="Dataset repository on the hub in which `files` lie: found in the study's "
        "`mirror` if it has one, else downloaded.",
    )
    column: str = Field(
        "text", description="Column of tables with the text; each line of it is a text."
    )
    limit: int | None = Field(
        None, ge=1, description="Take this many different texts per language, from the beginning."
    )
    languages: list[str] = Field(min_length=1, description="Languages to take.")
    pairs: bool = Field(
        False,
        description="The languages are parallel by example id: pair each with the source "
        "language for translation-pair MLM.",
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Text:
        if (self.task is None) == (self.files is None):
            raise ValueError("give exactly one of task, files")
        if self.pairs and self.task is None:
            raise ValueError("pairs needs task: plain files have no example ids to align by")
        if self.task is not None and (self.hub is not None or self.limit is not None):
            raise ValueError("hub and limit go with files, not with task")
        return self


class Study(Section):
    """One study: everything that decides its numbers."""

    study: Name = Field(description="Name of the study; its results go to `results/NAME/`.")
    question: str = Field("", description="What the study asks, in a sentence; heads the tables.")
    source: Literal["microworld", "original", "hub", "mirror"] = Field(
        "original",
        description="Where examples come from: generated, original release files, dataset "
        "repositories of the Hugging Face hub, or a local copy of those.",
    )
    data_root: str | None = Field(
        None, description="Folder with the original release files (`source: original`)."
    )
    mirror: str | None = Field(
        None,
        description="Folder with files of hub repositories, as `OWNER/REPO/PATH` "
        "(`source: mirror`).",
    )
    hub_cache: str = Field(
        "data/hub", description="Folder in which downloads of all studies are kept."
    )
    revisions: dict[Repository, str] = Field(
        {},
        description="Hub repository to the commit (or branch) to download, instead of the one that "
        "its task names.",
    )
    source_language: str = Field(
        "en", description="Language of a training set that names none (`qaa` in the microworld)."
    )
    microworld: Microworld = Field(Microworld(), description="Settings of the generated world.")
    text: list[Text] = Field([], description="Text for pretraining and MLM stages.")
    translations: Translations = Field(
        Translations(), description="Where `TASK@LANGUAGE:translated` comes from."
    )
    seeds: list[int] = Field(min_length=1, description="Seeds; each repeats every chain.")
    bases: dict[Name, Base] = Field(min_length=1, description="Pretrained models by name.")
    stages: dict[Name, Stage] = Field({}, description="Named stages, for use in strategies.")
    strategies: dict[Name, list[Mixture]] = Field(
        min_length=1,
        description="Strategy name to its intermediate stages, in order; each is a named stage, a "
        "training set or a list of them; an empty list is plain target training. `target` in the "
        "last list puts its training sets into the target's own stage: `[[mnli, target]]`.",
    )
    baseline: Name = Field(EMPTY_CHAIN, description="Strategy that the others are compared with.")
    contrasts: list[tuple[Name, Name]] = Field(
        [],
        description="Pairs of strategies to compare with each other, the first minus the second, "
        "besides each with the baseline: `[[a-then-b, b-then-a]]`.",
    )
    correct_over: Literal["targets", "strategies", "all"] = Field(
        "targets",
        description="The family over which p-values are corrected (Holm): the targets of each "
        "comparison, the comparisons of each target, or all of a base model.",
    )
    replicates: int = Field(
        10_000,
        ge=1000,
        le=1_000_000,
        description="Resampled test sets that intervals and p-values are taken from.",
    )
    targets: dict[Name, Target] = Field({}, description="What is measured.")
    suites: list[SuiteName] = Field(
        [],
        description="Named suites of targets: their tasks in their languages (in the microworld, "
        "in all). A target with the name of such a task changes the keys that it sets.",
    )
    protocol: ProtocolName = Field("recommended", description="Evaluation protocol preset.")
    prediction_precision: Literal["fp32", "bf16"] = Field(
        "fp32",
        description="Arithmetic of the encoder in prediction; heads compute in fp32. `bf16` saves "
        "time where the processor has it, and can change a close decision.",
    )
    further_protocols: list[ProtocolName] = Field(
        [],
        description="Protocols by which the same models are measured again, each with scores and "
        "tables of its own (`tables/PROTOCOL/`).",
    )
    choose_on: Literal["all", "source"] | None = Field(
        None,
        description="Measure every target on its development sets as well, in all its languages or "
        "in the source language (where it has one), and choose its best strategy there "
        "(`tables/best.*`, claims on the best strategy).",
    )
    recipes: Recipes = Field(Recipes(), description="Training recipes by level.")
    parallel: Parallel = Field(
        Parallel(), description="Processes that train each stage; a base may have its own."
    )
    scale: Scale = Field(
        "full",
        description="`microworld` runs the study's chains in the generated world: keys are "
        "replaced as `microworld_scale` says, results go to `results/NAME-microworld/`.",
    )
    microworld_scale: MicroworldScale = Field(
        MicroworldScale(), description="What is different with `scale: microworld`."
    )
    claims: list[str] = Field(
        [], description="Files of claims to hold against the results (`studies/claims/`)."
    )
    resources: Resources = Field(
        Resources(), description="How jobs share the machine; it changes no result."
    )
    logging: Logging = Field(
        Logging(), description="Where training curves go, too; it changes no result."
    )

    @field_validator("seeds")
    @classmethod
    def _each_seed_once(cls, seeds: list[int]) -> list[int]:
        """A seed that is there twice would count twice in every average."""
        for number, seed in enumerate(seeds):
            if seed in seeds[:number]:
                raise ValueError(f"{seed} is there twice. Remove one")
        return seeds
