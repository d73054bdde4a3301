"""The order of jobs: cells are finished first, seed by seed, cheap ones before expensive ones."""

from __future__ import annotations

from xstilts.chains import EMPTY_CHAIN
from xstilts.grid import Grid, priorities

GRID = Grid.load(
    {
        "study": "order",
        "source": "hub",
        "seeds": [3, 1],
        "bases": {"xlmr": {"hub": "FacebookAI/xlm-roberta-base"}},
        "strategies": {"none": [], "mnli": ["mnli"], "cosmosqa": ["cosmosqa"]},
        "targets": {"xnli": {}, "xcopa": {}, "tatoeba": {}, "xquad": {}},
    },
    [],
)


def order(*stages: tuple[int, str, str | None]) -> list[tuple[int, str, str | None]]:
    return sorted(stages, key=lambda stage: -priorities.training(GRID, "xlmr", *stage))


def test_trainings() -> None:
    right: list[tuple[int, str, str | None]] = [
        # the first seed first; target stages before intermediate ones; small sets before large
        (3, "mnli", "xcopa"), (3, "mnli", "xnli"), (3, "mnli", "xquad"),
        (3, "mnli", None), (3, "cosmosqa", None),
        (1, EMPTY_CHAIN, "xcopa"), (1, EMPTY_CHAIN, "xnli"), (1, "mnli", None),
    ]  # fmt: skip
    assert order(*reversed(right)) == right


def test_predictions_of_finished_models_come_before_trainings() -> None:
    most = max(
        priorities.training(GRID, "xlmr", seed, chain, target)
        for seed in GRID.study.seeds
        for chain, target in GRID.trained_with_base("xlmr")
    )
    found = {name: priorities.prediction(GRID, name) for name in GRID.targets}
    assert priorities.TRIVIAL_BASELINES < priorities.TRAININGS <= most < priorities.TOKENS
    assert priorities.TOKENS < min(found.values()) <= max(found.values()) < priorities.SCORES
    assert sorted(found, key=lambda name: -found[name]) == ["xcopa", "tatoeba", "xquad", "xnli"]
