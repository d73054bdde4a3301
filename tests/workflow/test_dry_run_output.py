"""A dry run says what would be made and why, or gives Snakemake's own account."""

from __future__ import annotations

import pytest
from checkout import TINY, Checkout

pytestmark = pytest.mark.workflow


def summary(output: str) -> list[str]:
    """The lines of a dry run, those of Snakemake before it included."""
    lines = output.splitlines()
    assert len(lines) <= 60
    assert max(map(len, lines)) <= 100
    assert output.isascii()
    return lines


@pytest.mark.slow
def test_a_changed_recipe_is_the_reason_for_what_is_made_again(done: Checkout):
    recipes = {**TINY["recipes"], "target": {"learning_rate": 0.01}}
    done.write_study(recipes=recipes)
    before = done.files()
    run = done.snakemake("-n")
    assert run.code == 0, run.output
    lines = summary(run.output)
    assert [" ".join(line.split()) for line in lines if line.startswith("  target stages")] == [
        "target stages - 2 -"
    ]
    assert "  recipe.learning_rate: 1e-05 -> 0.01" in lines
    assert (
        "    2 target stages, target/mini/seed-1/none/xnli" in lines
        or "    2 target stages, target/mini/seed-1/mnli/xnli" in lines
    )
    assert "  an input is made in this run" in lines
    assert any(line.startswith("Time: about ") for line in lines)
    assert "results/" not in run.output
    assert done.files() == before


@pytest.mark.full
def test_a_new_study_is_summarised_and_nothing_is_written(fresh: Checkout):
    run = fresh.snakemake("-n")
    assert run.code == 0, run.output
    lines = summary(run.output)
    assert "Why some are made again" not in lines
    assert any(line.split() == ["mini", "pretraining", "1", "all"] for line in lines)
    assert any(line.split() == ["mini", "mnli", "1", "mnli"] for line in lines)
    assert not fresh.results.exists()


@pytest.mark.full
def test_nothing_to_do_is_one_clear_line(done: Checkout):
    run = done.snakemake("-n")
    assert run.nothing_to_do
    assert "jobs to run" not in run.output


@pytest.mark.full
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("-n", "--verbose"), "rule train_target:"),
        (("-n", "--printshellcmds"), "rule train_target:"),
        (("-n", "--quiet", "rules"), "train_target"),
        (("-n", "--summary"), "output_file"),
        (("--dag",), "digraph snakemake_dag"),
        (("--rulegraph",), "digraph snakemake_dag"),
    ],
)
def test_other_accounts_are_those_of_snakemake(
    fresh: Checkout, options: tuple[str, ...], expected: str
):
    run = fresh.snakemake(*options)
    assert run.code == 0, run.output
    assert expected in run.output
    assert "jobs to run" not in run.output
