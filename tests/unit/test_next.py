"""``xstilts next``: undecided comparisons, what decides them, and where hours are spent best."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from predicted_study import predict_and_score
from test_config import STUDY

from xstilts.cli import main
from xstilts.errors import UserError
from xstilts.grid import Grid
from xstilts.next_seeds.choice import Candidate, choose
from xstilts.next_seeds.comparisons import Compared
from xstilts.next_seeds.prices import hours_of
from xstilts.next_seeds.run_lines import run_lines
from xstilts.statistics.difference import Difference

if TYPE_CHECKING:
    from xstilts.grid.grid import Cell

TEXT = (
    STUDY.replace("  both: [squad_v1, mnli]\n", "  sick: [sick]\n  squad_v1: [squad_v1]\n")
    .replace("seeds: [1]", "seeds: [1, 2, 3]")
    .replace("  tatoeba: {}\n", "contrasts: [[mnli, squad_v1]]\nreplicates: 1000\n")
)
# share of right answers by seed: a large gain, one of six points with seeds that vary, and none
RIGHT = {
    "none": (0.5, 0.5, 0.5),
    "mnli": (0.85, 0.85, 0.85),
    "squad_v1": (0.57, 0.6, 0.63),
    "sick": (0.47, 0.53, 0.5),
}


def share(cell: Cell) -> float:
    return RIGHT[cell.strategy][cell.seed - 1]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the study file and its scores."""
    folder = tmp_path_factory.mktemp("next")
    (folder / "config.yaml").write_text(TEXT, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        predict_and_score(Grid.load(None, [Path("config.yaml")]), share)
    return folder


@pytest.fixture
def here(results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, as the current one; returns the folder of the scores."""
    shutil.copytree(results, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return Path("results/tiny/scores")


def lines(capsys: pytest.CaptureFixture[str], *options: str, code: int = 0) -> str:
    assert main(["next", *options]) == code
    captured = capsys.readouterr()
    return captured.err if code else captured.out


def row(text: str, start: str) -> str:
    """The row of the table that begins so, with single spaces."""
    found = [" ".join(line.split()) for line in text.splitlines()]
    return next(line for line in found if line.startswith(start))


def test_it_names_what_is_undecided_and_the_lines_to_run(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = lines(capsys, "--gpu", "A100-80GB", "--budget", "2h")
    assert text.startswith("tiny: 4 comparisons, 2 decided, 2 undecided.\n")
    assert "a comparison may be decided there and not here, never the reverse." in text
    assert "Helps: mnli against none on xnli [+" in text
    assert "mnli against squad_v1 on xnli [+" in text
    found = row(text, "squad_v1 none mini: xnli 3 +")
    assert "likely (80 %)" in text
    assert " with " in found
    assert found.endswith(" s")
    assert "20 seeds" in row(text, "sick none mini: xnli 3 ")
    assert "Best use of 2h: 1 comparison, " in text
    assert "1. squad_v1 against none on xnli, +" in text
    number = int(found.split(" with ")[1].split()[0])
    added = ", ".join(map(str, range(1, number + 1)))
    assert f"config.yaml:6:\n    seeds: [{added}]\n" in text
    run = f"seed-{{{','.join(map(str, range(4, number + 1)))}}}" if number > 4 else "seed-4"
    assert f"results/tiny/scores/mini/{run}/{{squad_v1,none}}/xnli.parquet\n" in text
    assert text.endswith("    xstilts tables\n    xstilts next\n")
    # without times of finished jobs
    text = lines(capsys)
    assert "The hours of 1 comparison are unknown (the speed of a device); name a GPU" in text
    assert f"seeds: [{added}]\n" in text


def test_a_budget_that_is_too_small_or_cannot_be_judged(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = lines(capsys, "--gpu", "A100-80GB", "--budget", "0.0001min")
    assert "The budget of 0.0001min is too small: squad_v1 against none on xnli needs" in text
    assert "snakemake" not in text
    error = lines(capsys, "--budget", "2h", code=2)
    assert error.startswith("--budget 2h: the hours are unknown: the speed of a device.")


def test_all_strategies_are_run_by_one_short_command(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two = ["--config", "strategies={none: [], squad_v1: [squad_v1]}", "contrasts=[]"]
    text = lines(capsys, *two)
    assert "    snakemake --cores 2 --config 'strategies={none" in text
    assert text.count("results/") == 0


def test_one_seed_and_two(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = lines(capsys, "--config", "seeds=[1]")
    assert "One seed in 4 of them: the variance between seeds is unknown." in text
    assert "first 3 seeds" in row(text, "squad_v1 none mini: xnli 1 ")
    assert "The seeds are given on the command line; below they are [1, 2, 3].\n" in text
    assert text.endswith("    xstilts next --config 'seeds=[1, 2, 3]'\n")
    text = lines(capsys, "--config", "seeds=[1, 2]")
    assert "4 undecided" in text
    assert "One seed" not in text


def test_unfinished_seeds_of_the_study_come_first(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = lines(capsys, "--config", "seeds=[1, 2, 3, 7]")
    assert "mini/seed-{7" in text or "mini/seed-7/" in text
    assert "seed-4" not in text


def test_a_smaller_version_has_seeds_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(TEXT, encoding="utf-8")
    grid = Grid.load(None, [file], overrides={"scale": "microworld"})
    arguments = argparse.Namespace(configfile=[str(file)], config=["scale=microworld"])
    one = candidate("sick", "", {}, target="xnli")
    assert list(run_lines(grid, [one], arguments))[:5] == [
        f"{file}:",
        "    microworld_scale:",
        "      replace:",
        "        seeds: [1, 4]",
        "Then:",
    ]


def test_deleted_predictions_are_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in Path("results/tiny/predictions").glob("*/*/sick/*/*"):
        file.unlink()
    text = lines(capsys)
    why = "Over seeds only, which decides too early (predictions are missing)"
    assert f"{why}: sick against none on xnli." in text


def test_everything_is_decided(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = lines(capsys, "--config", "strategies={none: [], mnli: [mnli]}", "contrasts=[]")
    assert text.splitlines()[-1] == "All comparisons are decided: no more seeds are needed."


def test_nothing_is_compared(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = lines(capsys, "--config", "strategies={none: []}", "contrasts=[]")
    assert text == "tiny: one strategy and no contrasts: nothing is compared.\n"


def test_no_seeds_are_likely_to_help(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    only = ["--config", "strategies={none: [], sick: [sick]}", "contrasts=[]"]
    text = lines(capsys, "--budget", "40h", *only)
    assert text.endswith(
        "No comparison is likely to be decided by 20 seeds or fewer, so that 40h would buy "
        "nothing.\n"
    )


def test_results_are_missing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in here.glob("*/*/sick/*"):
        file.unlink()
    text = lines(capsys)
    assert "1 undecided, 1 without a result." in text
    assert "Without a result, as no seed has both sides: sick against none on xnli." in text
    for file in here.glob("*/*/none/*"):
        file.unlink()
    error = lines(capsys, code=2)
    assert error.startswith("next: the baseline 'none' has no scores on any target")
    assert "config.yaml:11: strategies.none" in error
    shutil.rmtree(here)
    assert lines(capsys, code=2).startswith("next: results/tiny/scores: no results yet.")
    Path("results/tiny/tables").mkdir()
    assert "the scores of this study were deleted" in lines(capsys, code=2)


@pytest.mark.parametrize(
    ("text", "hours"), [("40h", 40), ("90min", 1.5), ("2 d", 48), ("1e1h", 10)]
)
def test_a_budget_is_a_time(text: str, hours: float) -> None:
    assert hours_of(text) == hours


@pytest.mark.parametrize("text", ["40", "h", "-1h", "0h", "nanh", "infh", "40 hours", "four h"])
def test_other_budgets_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="write hours of computing, as in 40h"):
        hours_of(text)


def candidate(name: str, products: str, hours: dict[str, float], target: str = "t") -> Candidate:
    nothing = Difference(by_seed={}, replicates_BS=None)
    compared = Compared(
        model="mini",
        strategy=name,
        against="none",
        target=target,
        targets=(target,),
        difference=nothing,
    )
    total = sum(hours[one] for one in products)
    return Candidate(compared=compared, seeds=(4,), products=frozenset(products), hours=total)


def test_shared_trainings_are_paid_once() -> None:
    hours = {"b": 5.0, "x": 1.0, "y": 2.0, "z": 6.5}
    wanted = [candidate(name, f"b{name}", hours) for name in "yx"]
    wanted.append(candidate("z", "z", hours))
    found = choose(wanted, hours, 9.0)
    assert [one.compared.strategy for one in found.candidates] == ["x", "y"]
    assert found.hours == 8.0
    assert choose(wanted, hours).hours == 14.5
    assert choose(wanted, hours, 5.9).candidates == ()
