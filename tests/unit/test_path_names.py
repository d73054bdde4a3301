"""Names that are too long for a path are refused when the study is read, or shortened."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_config import STUDY, error_of, grid_of

from xstilts.chains import full_chain_label
from xstilts.grid import identities
from xstilts.grid.products import find_product

JOINT = (
    "[["
    + ", ".join(f"mnli@qa{a}, snli@qa{a}, squad_v1@qa{a}, squad_v2@qa{a}" for a in "abcdefgh")
    + "]]"
)
"""32 training sets, whose label is longer than a file name may be."""


def long_study(strategies: str = f"joint: {JOINT}") -> str:
    return STUDY.replace("mnli: [mnli]", strategies).replace("languages: 3", "languages: 8")


def test_a_long_mixture_has_a_short_path_and_its_whole_label_in_the_identity(tmp_path: Path):
    grid = grid_of(tmp_path, long_study())
    chain = next(chain for chain in grid.chains if "..." in chain)
    whole = full_chain_label(grid.stages_of(chain))
    assert len(whole.encode()) > 255 > len(chain.encode()) + 30
    assert identities.model(grid, "mini", 1, chain, None)["chain"] == whole
    assert identities.model(grid, "mini", 1, chain, "xnli")["chain"] == whole
    assert "chain" not in identities.model(grid, "mini", 1, "squad_v1", None)
    assert f"intermediate/mini/seed-1/{chain}/manifest.json" in " ".join(grid.intermediate_models())


def test_products_of_a_long_chain_are_found_by_path(tmp_path: Path):
    grid = grid_of(tmp_path, long_study())
    for path in (*grid.intermediate_models(), *grid.target_models(), *grid.scores()):
        assert find_product(grid, path).identity_file == Path(path)


def test_a_stage_after_a_long_one_starts_from_it(tmp_path: Path):
    grid = grid_of(tmp_path, long_study(f"then: [{JOINT[1:-1]}, mnli]"))
    before, after = (chain for chain in grid.chains if "..." in chain)
    assert grid.parent("mini", 1, after, None) == grid.paths.intermediate(
        "mini", 1, grid.stages_of(before)
    )


def test_many_equal_stages_do_not_look_like_a_recursion_to_snakemake(tmp_path: Path):
    grid = grid_of(tmp_path, STUDY.replace("mnli: [mnli]", f"again: [{', '.join(['mnli'] * 25)}]"))
    assert [chain for chain in grid.chains if chain.count("mnli") == 21] == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("study: tiny", f"study: {'a1' * 150}", "study.yaml:1: study: 'a1a1"),
        ("  mini:", f"  {'b2' * 150}:", "is 300 bytes long"),
        ("  mini:", f"  {'b' * 20}:", "bbb' ends in many repetitions"),
        ("seeds: [1]", f"seeds: [{'1' * 20}]", "study.yaml:6: seeds: 1111"),
        ("  xnli:", f"  {'c3' * 118}: {{task: xnli}}\n  xnli:", "at most 232 bytes"),
    ],
)
def test_other_names_are_refused_with_line_and_key(
    tmp_path: Path, old: str, new: str, expected: str
):
    assert expected in error_of(tmp_path, old, new)


def test_a_path_too_long_for_the_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("xstilts.grid.path_names.LONGEST_PATH", len(str(Path.cwd())) + 50)
    assert "study.yaml:1: study: a path" in error_of(tmp_path, "study: tiny", "study: tiny1")
