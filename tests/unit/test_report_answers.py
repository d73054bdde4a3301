"""The sentences at the top of the report."""

from __future__ import annotations

import pandas as pd

from xstilts.report.answers import answers

GAINS = {"xnli": 9.0, "xquad": 8.0, "panx": 7.0, "udpos": 6.0, "pawsx": 5.0, "tatoeba": -1.0}


def compared_rows(p_values: dict[str, float]) -> pd.DataFrame:
    """Two strategies on targets with these p-values; snli gains two points less than mnli."""
    return pd.DataFrame(
        {"model": "tiny", "strategy": strategy, "target": target, "delta": gain - less,
         "delta_sd": 1.0, "delta_complete": True, "num_seeds": 3, "verdict": "unclear",
         "low": gain - less - 1, "high": gain - less + 1, "p": p_values.get(target, 0.01)}
        for strategy, less in (("mnli", 0.0), ("snli", 2.0))
        for target, gain in {**GAINS, "average": 5.0}.items()
    )  # fmt: skip


def test_the_answer_names_what_is_clearly_helped() -> None:
    average, helped = answers(compared_rows({}), "none")
    assert average.startswith(
        "tiny: on average over the targets, mnli gains 5.0 points over none, more than any other "
        "strategy (95 % interval +4.0 to +6.0"
    )
    assert helped == (
        "tiny: clear gains over none (corrected for 2 strategies): 9.0 points on xnli after mnli "
        "(+8.0 to +10.0), 8.0 points on xquad after mnli (+7.0 to +9.0), 7.0 points on panx after "
        "mnli (+6.0 to +8.0), 6.0 points on udpos after mnli (+5.0 to +7.0) and 1 more; no "
        "strategy clearly helps tatoeba."
    )


def test_a_loss_and_a_single_strategy_have_sentences_of_their_own() -> None:
    rows = compared_rows({})
    average, *_ = answers(rows.assign(delta=-rows["delta"]), "none")
    assert "snli loses 3.0 points to none, less than any other strategy (" in average
    average, *_ = answers(rows[rows["strategy"] == "mnli"], "none")
    assert "mnli gains 5.0 points over none (" in average


def test_ties_and_no_difference_are_said_as_printed() -> None:
    rows = compared_rows({})
    average, *_ = answers(rows.assign(delta=2.04), "none")
    assert "mnli gains 2.0 points over none, as snli does (" in average
    average, *_ = answers(rows.assign(delta=rows["delta"] - 5.03), "none")
    assert "mnli scores as none does, no other strategy scores more (" in average


def test_the_answer_is_corrected_for_the_number_of_strategies() -> None:
    # below 0.05 alone, above it when corrected for two
    _, helped = answers(compared_rows({"xnli": 0.03, "xquad": 0.02}), "none")
    assert "on xnli after" not in helped
    assert "on xquad after mnli" in helped
    _, helped = answers(compared_rows(dict.fromkeys(GAINS, 0.03)), "none")
    assert helped == "tiny: no strategy clearly helps 6 targets (corrected for 2 strategies)."
    unknown = compared_rows(dict.fromkeys((*GAINS, "average"), float("nan")))
    assert len(answers(unknown, "none")) == 1


def test_the_best_average_is_corrected_too() -> None:
    for p, unclear in ((0.03, True), (0.02, False)):
        rows = compared_rows({"average": p}).assign(verdict="helps")
        average, _ = answers(rows, "none")
        assert average.startswith("tiny: on average over the targets, mnli gains 5.0 points over")
        assert ("unclear when corrected for 2 strategies" in average) == unclear


def test_one_seed_is_mentioned() -> None:
    average, helped = answers(compared_rows({}).assign(num_seeds=1), "none")
    assert average.endswith("(95 % interval +4.0 to +6.0: unclear; one seed).")
    assert helped.startswith(
        "tiny: one seed, these models differ (corrected for 2 strategies): 9.0 points on xnli after"
    )
    assert helped.endswith("; no model is clearly better on tatoeba.")
    rows = compared_rows({}).assign(num_seeds=3).set_index("target")
    rows.loc["xnli", "num_seeds"] = 1
    _, several, single = answers(rows.reset_index(), "none")
    assert several.startswith(
        "tiny: clear gains over none (corrected for 2 strategies): 8.0 points"
    )
    assert single.startswith("tiny: one seed, these models differ (corrected for 2 strategies): 9")


def test_a_target_without_an_interval_is_named_separately() -> None:
    rows = compared_rows({"tatoeba": float("nan"), "pawsx": 0.5})
    _, helped = answers(rows, "none")
    assert helped.endswith("; no strategy clearly helps pawsx; no interval for tatoeba.")
