"""Data files are inputs of rules only where they were deleted."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_config import grid_of

from xstilts.grid import Grid, lookups
from xstilts.paths import data_file


@pytest.fixture
def grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Grid:
    """A study without results, in an empty folder."""
    found = grid_of(tmp_path)
    monkeypatch.chdir(tmp_path)
    return found


def write(*files: str) -> None:
    for file in map(Path, files):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def test_a_data_file_is_an_input_if_only_its_manifest_is_left(grid: Grid) -> None:
    manifest = grid.paths.data("xnli", "qaa", "test")
    assert lookups.deleted_data([manifest]) == []
    write(manifest)
    assert lookups.deleted_data([manifest]) == [data_file(manifest)]
    write(data_file(manifest))
    assert lookups.deleted_data([manifest]) == []
    # the job that makes the manifest makes the file
    Path(manifest).unlink()
    assert lookups.deleted_data([manifest]) == []


def test_prediction_needs_the_data_that_its_tokens_were_made_of(grid: Grid) -> None:
    data = grid.paths.data("xnli", "qaa", "test")
    tokens = grid.tokens("mini", grid.targets["xnli"], "qaa")
    assert lookups.deleted_examples(grid, "mini", "xnli") == []
    write(tokens)
    assert lookups.deleted_examples(grid, "mini", "xnli") == [data, data_file(data)]
    write(data)
    assert lookups.deleted_examples(grid, "mini", "xnli") == [data_file(data)]


def test_a_deleted_language_is_an_input_besides_the_manifests(grid: Grid) -> None:
    manifests = [file for file in grid.predictions() if file.endswith("/manifest.json")]
    assert lookups.predictions(grid) == manifests
    cell = grid.predicted("mini", 1, (), "xnli")
    languages = [grid.prediction("mini", 1, (), "xnli", code) for code in ("qaa", "qab", "qac")]
    write(cell, languages[0], languages[2])
    assert lookups.predictions(grid) == [*manifests, languages[1]]


def test_only_what_is_trained_on_must_be_known_to_the_tokenizer(grid: Grid) -> None:
    limit = round(100 * grid.study.bases["mini"].max_unknown)
    assert limit < 100
    assert lookups.max_unknown_percent(grid, "mini", "qaa", "test") == limit
    assert lookups.max_unknown_percent(grid, "mini", "qab", "train") == limit
    assert lookups.max_unknown_percent(grid, "mini", "qab", "test") == 100
