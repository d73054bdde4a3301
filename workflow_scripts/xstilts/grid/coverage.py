"""Coverage of a study's source: its tasks, and the languages of their splits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.data.language_names import unknown_language
from xstilts.data.sources import is_listed
from xstilts.errors import MissingData, UserError
from xstilts.grid import sources
from xstilts.grid.source_choice import declared_source, parts
from xstilts.microworld import World
from xstilts.microworld.generators import BILINGUAL
from xstilts.tasks import get_task

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xstilts.config.study import Study
    from xstilts.kinds import Split
    from xstilts.tasks.base import Task


@dataclass(frozen=True, eq=False)
class Coverage:
    """The data sets of one study's source."""

    study: Study
    files_must_exist: bool = True
    """False for a plan of a study whose data do not exist yet."""

    @cached_property
    def world(self) -> World | None:
        """The microworld; None for other sources."""
        if self.study.source != "microworld":
            return None
        settings = self.study.microworld
        return World(seed=settings.seed, num_languages=settings.languages)

    @cached_property
    def world_languages(self) -> tuple[str, ...]:
        """Language codes of the microworld, in order; empty for other sources."""
        return tuple(language.code for language in self.world.languages) if self.world else ()

    @cached_property
    def text_languages(self) -> tuple[str, ...]:
        """Languages of the pretraining text."""
        if self.world:
            return self.world_languages
        listed = (language for text in self.study.text for language in text.languages)
        return tuple(dict.fromkeys(listed))

    @cached_property
    def pair_languages(self) -> tuple[str, ...]:
        """Languages of the translation pairs in the pretraining text."""
        source = self.study.source_language
        if self.world:
            return tuple(code for code in self.world_languages if code != source)
        paired = (text for text in self.study.text if text.pairs)
        listed = (code for text in paired for code in text.languages if code != source)
        return tuple(dict.fromkeys(listed))

    def task(self, name: str, where: str) -> Task:
        """Return a task by name.

        Args:
            name: of the task.
            where: location of the key in the study file, for the error.

        Raises:
            UserError: unknown task, or the microworld has no generator for it.
        """
        task = get_task(name, where, self.study.known_tasks)
        if self.world and task.microworld is None:
            raise UserError(
                f"{where}: the microworld does not generate {name}. Set another `source` (auto), "
                "or remove this task."
            )
        return task

    def languages(self, task: Task, split: Split) -> tuple[str, ...]:
        """Return the languages in which a task has a split."""
        if task.kind == "mlm":
            return self.text_languages if task.name == "mlm" else self.pair_languages
        if self.world:
            source = self.study.source_language
            both = task.microworld in BILINGUAL
            return tuple(code for code in self.world_languages if not both or code != source)
        return sources.languages(self.study, task, split)

    def check(self, task: Task, language: str, split: Split, where: str) -> None:
        """Check that a (task, language, split) exists and has files.

        Local files may have more languages than the task lists.

        Raises:
            MissingData: the task has it, but the study's source does not.
            UserError: the task does not have it.
        """
        known = self.languages(task, split)
        has_files = not self.world and task.kind != "mlm"
        unlisted = language not in known and (known or not has_files)
        roots = sources.local_roots(self.study, task) if has_files else []
        if unlisted and not any(self.files_must_exist or Path(root).is_dir() for root in roots):
            error = unknown_language(task, language, known, where, f" ({split})")
            raise MissingData(str(error)) if is_listed(task, language, split) else error
        if has_files and (unlisted or self.files_must_exist):
            sources.local_files(self.study, task, language, split, where)

    def absent(self, task: Task, language: str, split: Split, where: str) -> str:
        """Return why a (task, language, split) cannot be had; empty if it can.

        Raises:
            UserError: the task does not have it.
        """
        if self.world or task.kind == "mlm":
            return ""
        try:
            self.check(task, language, split, where)
            if declared_source(self.study, task) == "auto":
                # also for a plan, which needs no files
                parts(self.study, task, language, split, where)
        except MissingData as error:
            return str(error).removeprefix(f"{where}: ")
        return ""

    def unlisted(self, task: Task, languages: Iterable[str], split: Split) -> list[str]:
        """Return the languages that the task does not list: they are not in the benchmark."""
        known = self.languages(task, split)
        return [language for language in languages if language not in known]
