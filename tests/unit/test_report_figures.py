"""Figures of the report as files, with and without results."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from report_world import make_study, predict, train

from xstilts.grid import Grid
from xstilts.grid.figures import figure_files, figure_names
from xstilts.report.figures.all import make_figure
from xstilts.report.figures.heat import by_family
from xstilts.report.figures.write import write_figures
from xstilts.report.frames import read_frames

if TYPE_CHECKING:
    from score_files import Found, Wanted

ROOT = Path(__file__).parents[2]
GRID: dict[Wanted, Found] = {
    (strategy, target, seed): {"en": 50.0 + at, "sw": 30.0 + 2 * at, "sw@layer0": 1.0}
    for at, (strategy, target, seed) in enumerate(
        (strategy, target, seed)
        for strategy in ("none", "mnli")
        for target in ("xnli", "tatoeba")
        for seed in (1, 2)
    )
}


@pytest.mark.slow
def test_every_figure_is_drawn_as_svg_and_png(tmp_path: Path) -> None:
    source = make_study(tmp_path, GRID)
    train(source, selected=True)
    predict(source)
    write_figures(read_frames(source), tmp_path / "figures")
    for name in source.figures:
        svg = (tmp_path / f"figures/{name}.svg").read_text(encoding="utf-8")
        assert "No result yet." not in svg, name
        picture = (tmp_path / f"figures/{name}.png").read_bytes()
        assert picture.startswith(b"\x89PNG"), name
        assert min(struct.unpack(">II", picture[16:24])) > 60, name
    heat = (tmp_path / "figures/transfer.svg").read_text(encoding="utf-8")
    # mnli, seeds 1 and 2: 4 points more than none in "en", 8 in "sw"
    assert ">+6.0<" in heat
    assert "(s.d. 0.0 over 2 seeds)" in heat
    assert "rgb(208, 208, 208)" in heat or "#d0d0d0" in heat, "the baseline is grey"


def test_figures_of_a_study_without_results_say_so(tmp_path: Path) -> None:
    source = make_study(tmp_path, {("none", "xnli", 1): None, ("mnli", "xnli", 1): None})
    write_figures(read_frames(source), tmp_path / "figures")
    for name in set(source.figures) - {"cost"}:
        svg = (tmp_path / f"figures/{name}.svg").read_text(encoding="utf-8")
        assert "No result yet." in svg, name


@pytest.mark.parametrize("name", ["transfer", "seeds", "training", "cost", "properties", "maps"])
def test_specifications_are_valid_vega_lite(tmp_path: Path, name: str) -> None:
    source = make_study(tmp_path, GRID)
    train(source)
    chart = make_figure(name, read_frames(source)).chart
    # raises where the schema of Vega-Lite does not hold
    specification = chart.to_dict(validate=True)
    assert specification["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    assert '"values": [{' in json.dumps(specification)


def test_names_of_a_study_follow_its_targets() -> None:
    grid = Grid.load(None, [ROOT / "config.yaml"])
    names = figure_names(grid)
    assert {f"languages/{target}" for target in grid.targets} < set(names)
    assert "layers" in names
    assert "properties" in names
    assert "maps" in names
    assert f"{grid.paths.root}/figures/transfer.svg" in figure_files(grid)
    human = Grid.of(grid.study.model_copy(update={"targets": {"xnli": grid.study.targets["xnli"]}}),
                    grid.lines)  # fmt: skip
    assert "layers" not in figure_names(human)


def test_many_languages_are_rows_by_family_and_script() -> None:
    codes = "zu sw yo nqo_Nkoo hi de en ja".split()
    rows = pd.DataFrame(
        {"model": "tiny", "strategy": strategy, "language": code, "mean": 50.0, "delta": delta}
        for code in codes
        for strategy, delta in (("none", float("nan")), ("mnli", 2.0))
    )
    made = by_family(rows, full=4.0, title="").to_dict()
    labels = made["spec"]["layer"][0]["encoding"]["y"]["sort"]
    assert labels == [
        "Atlantic-Congo: sw", "yo", "zu", "Indo-European: hi Deva", "de", "en",
        "Japonic: ja Jpan", "~ family unknown: nqo_Nkoo",
    ]  # fmt: skip
    assert {record["l"] for record in made["data"]["values"]} == set(labels)
    assert len(made["data"]["values"]) == 2 * len(codes)
