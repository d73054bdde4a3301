"""The content of files outside ``results/`` decides what is made again, not their times."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from safetensors.torch import load_file, save_file

if TYPE_CHECKING:
    from checkout import Checkout

sys.path.append(str(Path(__file__).parents[1] / "unit"))

from published_models import published_model

pytestmark = [pytest.mark.workflow, pytest.mark.full]

DATA, MODEL = "data/tatoeba/de/test", "bases/mini/model"
GOALS = [f"results/tiny/{DATA}.json", f"results/tiny/{MODEL}/manifest.json"]


FILES = ("tatoeba/tatoeba.deu-eng.deu", "tatoeba/tatoeba.deu-eng.eng")


def write_release(folder: Path, word: str) -> list[Path]:
    """German and English sentences in the layout of the release."""
    files = [folder / name for name in FILES]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_text("".join(f"{word} {i}.\n" for i in range(4)))
    return files


def write_study(checkout: Checkout) -> None:
    """A target that needs no training, of release files and a checkpoint folder."""
    published_model("mt5", checkout.folder / "base")
    checkout.write_study(
        source="original", source_language="en", data_root="data", bases={"mini": {"path": "base"}},
        strategies={"none": []}, targets={"tatoeba": {"languages": ["de"], "train": "none"}},
        recipes={},
    )  # fmt: skip


@pytest.fixture
def made(fresh: Checkout) -> Checkout:
    """A study with its data set and base model."""
    write_release(fresh.folder / "first", "cat")
    (fresh.folder / "data").symlink_to("first")
    write_study(fresh)
    run = fresh.snakemake(*GOALS)
    assert run.code == 0, run.output
    return fresh


def jobs(made: Checkout) -> dict[str, int]:
    """The jobs that a dry run would start."""
    run = made.jobs_of_dry_run(*GOALS)
    assert run.code == 0, run.output
    return {} if run.nothing_to_do else run.jobs


def out_of_date(made: Checkout, product: str) -> bool:
    return f"{product}: out of date" in made.command("explain", product).output


def test_other_content_is_noticed_and_other_times_are_not(made: Checkout) -> None:
    folder, weights = made.folder / "first", made.folder / "base/model.safetensors"
    for file in (*(folder / name for name in FILES), weights, weights.with_name("config.json")):
        file.touch()
    assert jobs(made) == {}
    # unpacked archives keep the times of their release
    for file in write_release(folder, "dog"):
        os.utime(file, (1_500_000_000, 1_500_000_000))
    assert jobs(made) == {"prepare_data": 1}
    assert out_of_date(made, DATA)
    assert not out_of_date(made, MODEL)
    # the same time and size
    times, changed = weights.stat(), load_file(weights)
    changed = {name: 1.5 * weight for name, weight in changed.items()}
    save_file(changed, weights, metadata={"format": "pt"})
    os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert jobs(made) == {"import_base": 1, "prepare_data": 1}
    assert out_of_date(made, MODEL)
    run = made.snakemake(*GOALS)
    assert run.code == 0, run.output
    assert jobs(made) == {}
    assert not out_of_date(made, DATA)
    assert not out_of_date(made, MODEL)
    # a link to another folder
    for file in write_release(made.folder / "second", "owl"):
        os.utime(file, (1, 1))
    (made.folder / "data").unlink()
    (made.folder / "data").symlink_to("second")
    assert jobs(made) == {"prepare_data": 1}


def test_a_dry_run_of_a_new_study_writes_nothing(fresh: Checkout) -> None:
    write_release(fresh.folder / "data", "cat")
    write_study(fresh)
    run = fresh.jobs_of_dry_run(*GOALS)
    assert run.code == 0, run.output
    assert not fresh.results.exists()
