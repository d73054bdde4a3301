"""Translation-pair masked language modelling on the parallel text that the study names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.tasks.base import Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row


def no_original_files(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Never called: the rows of text tasks come from the study's ``text`` section."""
    raise AssertionError(f"text in {language} has no original files, got {paths}")


TASK = Task(
    name="tlm",
    kind="mlm",
    title="Predict masked tokens of a sentence and its translation",
    languages=(),
    files={},
    read=no_original_files,
    metric="perplexity",
    microworld="parallel",
    recipe={"max_length": 128},
    licence="that of the text",
    citation="Conneau and Lample 2019, Cross-lingual Language Model Pretraining (NeurIPS)",
    homepage="https://arxiv.org/abs/1901.07291",
)
