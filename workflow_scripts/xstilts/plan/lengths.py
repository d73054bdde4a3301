"""Number and length of a data set's sequences: measured if tokenised, otherwise typical."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.chains import translation_language
from xstilts.errors import UserError
from xstilts.grid.recipes import token_options
from xstilts.grid.sources import local_files
from xstilts.kinds import EMBEDDING_KINDS
from xstilts.manifest import read_manifest
from xstilts.microworld import World, rows
from xstilts.microworld.generators import BILINGUAL

if TYPE_CHECKING:
    from xstilts.grid import Grid
    from xstilts.kinds import Row, Split
    from xstilts.tasks.base import Reader, Task

TOKENS_PER_WORD = 1.35
"""Approximate tokens per space-separated English word with XLM-R's tokenizer. Replaced by measured
lengths as soon as a data set is tokenised."""
SPECIAL = 4
"""Special tokens of a sequence pair in XLM-R."""
SAMPLE = 30
"""Number of generated examples whose words are counted."""


@dataclass(frozen=True, slots=True)
class Sequences:
    """Size of a data set as the model reads it."""

    count: float
    length: float
    """Mean number of tokens."""
    per_example: int = 1
    """Sequences per example that stay together: the choices of multiple choice."""
    measured: bool = False
    """True if it is tokenised; otherwise lengths are typical ones."""
    at_most: bool = False
    """True if count or length is an upper bound, as only a range is known."""

    @property
    def units(self) -> float:
        """Units of the batch size: sequences, or examples with all their choices."""
        return self.count / self.per_example

    def first(self, examples: int) -> Sequences:
        """Return the size of the first ``examples``; 0 is all (assumes one window per example)."""
        if not examples or examples >= self.units:
            return self
        return replace(self, count=examples * self.per_example)


class Unknown(Exception):
    """A size is unknown; the message names it."""


def sequences(grid: Grid, base: str, task: str, language: str, split: Split) -> Sequences:
    """Return the size of a data set in tokens of a base's tokenizer.

    Raises:
        Unknown: the number of examples or the words per example are unknown.
    """
    spec = grid.study.known_tasks[task]
    per_example = spec.choices if spec.kind == "multiple_choice" else 1
    manifest = Path(grid.paths.tokens(base, task, language, split))
    if found := tokenised(manifest):
        return replace(found, per_example=_choices(manifest, per_example))
    examples, at_most = _examples(grid, spec, language, split)
    options = token_options(grid.study, task)
    longest, stride = options["max_length"], options["doc_stride"]
    words = _words(grid, spec, language, split)
    if spec.kind == "mlm" and not words:
        # lines of any length; a long line is split into several sequences
        return Sequences(examples, longest, at_most=True)
    if not words:
        raise Unknown(f"words of an example of {task}")
    num_tokens = words * TOKENS_PER_WORD + SPECIAL
    windows = 1.0
    if spec.kind == "span" and num_tokens > longest:
        windows += (num_tokens - longest) / stride
    sides = 2 if spec.kind in EMBEDDING_KINDS else 1
    count = examples * per_example * windows * sides
    return Sequences(count, min(num_tokens, longest), per_example, at_most=at_most)


def tokenised(manifest: Path) -> Sequences | None:
    """Return the size of a token set from its manifest; None if it does not exist."""
    try:
        facts = read_manifest(manifest).facts
        count = facts["num_sequences"]
        return Sequences(count, facts["num_tokens"] / max(1, count), measured=True)
    except (UserError, KeyError):
        return None


def _choices(manifest: Path, usual: int) -> int:
    """Return the sequences per example of a tokenised multiple-choice set."""
    if usual == 1:
        return 1
    facts = read_manifest(manifest).facts
    return max(1, round(facts["num_sequences"] / max(1, facts["num_examples"])))


def _examples(grid: Grid, task: Task, language: str, split: Split) -> tuple[float, bool]:
    """Return the number of examples, and True if it is an upper bound."""
    try:
        facts = read_manifest(Path(grid.paths.data(task.name, language, split))).facts
        return facts.get("queries", facts["rows"]), False
    except (UserError, KeyError):
        pass
    study = grid.study
    if study.source == "microworld":
        sizes = study.microworld.tasks.get(task.name, study.microworld.sizes)
        # languages differ in their amount of text: that of the largest is an upper bound
        return (
            (study.microworld.text, True) if task.kind == "mlm" else (getattr(sizes, split), False)
        )
    if task.kind == "mlm":
        limits = [t.limit for t in study.text if language in t.languages and t.files]
        if limits and all(limits):
            return sum(limit or 0 for limit in limits), True
        raise Unknown(f"lines of the text in {language}")
    code = study.source_language if translation_language(language) else language
    if found := _declared(grid, task, code, split):
        return found[0], False
    size = task.size(code, split)
    if size is None:
        raise Unknown(f"examples of {task.name} ({split})")
    return (size[1], True) if isinstance(size, tuple) else (size, False)


def _words(grid: Grid, task: Task, language: str, split: Split) -> float:
    """Return the words per sequence; 0 if unknown."""
    if grid.study.source != "microworld":
        found = _declared(grid, task, language, split)
        return found[1] if found else task.words
    assert task.microworld is not None, task.name
    settings = grid.study.microworld
    return _generated_words(settings.seed, task.microworld, split, settings.difficulty)


def _declared(grid: Grid, task: Task, language: str, split: Split) -> tuple[int, float] | None:
    """Return examples, and words per sequence, of a declared task; None if it has no files here."""
    if task.name not in grid.study.tasks:
        return None
    try:
        files = local_files(grid.study, task, language, split)
        return _counted(task.read, tuple(files), language) if files else None
    except UserError:
        # `data_report` names missing files, and the job damaged ones
        return None


@lru_cache(maxsize=256)
def _counted(read: Reader, files: tuple[Path, ...], language: str) -> tuple[int, float]:
    """Return the number of examples in files, and the mean words of a sequence of the first."""
    words: list[int] = []
    count = 0
    for row in read(files, language):
        count += row.get("side", "query") == "query"
        if len(words) < SAMPLE * 10:
            words += _row_words(row)
    return count, statistics.fmean(words) if words else 0.0


@lru_cache(maxsize=256)
def _generated_words(seed: int, generator: str, split: Split, difficulty: str) -> float:
    """Return the mean words of a few generated examples in one language."""
    world = World(seed=seed, num_languages=2)
    language = world.languages[1 if generator in BILINGUAL else 0].code
    found = rows(world, generator, language, split, SAMPLE, difficulty=difficulty, stream="")
    counts = [words for row in found for words in _row_words(row)]
    return statistics.fmean(counts) if counts else 0.0


def _row_words(row: Row) -> list[int]:
    """Return the words of each sequence of an example, for any kind's schema."""
    if "tokens" in row:
        return [len(row["tokens"])]
    texts = ("text_a", "text_b", "context", "question", "text", "pair")
    common = sum(len((row.get(name) or "").split()) for name in texts)
    return [common + len(choice.split()) for choice in row.get("choices", ())] or [common]
