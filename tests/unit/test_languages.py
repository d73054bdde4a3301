"""What is known of languages covers the tasks', and groups say something."""

from __future__ import annotations

from xstilts.languages import FAMILY, SCRIPT, XLMR_TEXT, groupings
from xstilts.suites import GROUPS, SUITES
from xstilts.tasks import TASKS


def test_every_language_of_a_suite_has_family_and_script() -> None:
    codes = {c for suite in SUITES.values() for languages in suite.values() for c in languages}
    codes |= {code for task in TASKS.values() for code in task.languages if task.kind != "mlm"}
    assert codes <= set(FAMILY), sorted(codes - set(FAMILY))
    assert codes <= set(SCRIPT), sorted(codes - set(SCRIPT))
    assert FAMILY["sw"] == "Atlantic-Congo"
    assert (SCRIPT["am"], SCRIPT["zh"], SCRIPT["bbj"]) == ("Ethi", "Hani", "Latn")
    assert XLMR_TEXT["sw"] == "under 1 GB"
    assert "yo" not in XLMR_TEXT


def test_groupings_of_a_study() -> None:
    found = groupings(["en", "sw", "yo", "sw"])
    assert found["language"] == {"en": "en", "sw": "sw", "yo": "yo"}
    assert found["text of XLM-R"]["yo"] == "absent"
    assert found["region"] == {"en": "elsewhere", "sw": "Africa", "yo": "Africa"}
    # all are written in Latin letters, and all are in AfroXLMR's text: nothing to compare
    assert "script" not in found
    assert "text of AfroXLMR" not in found
    assert set(found["family"].values()) == {"Indo-European", "Atlantic-Congo"}
    assert GROUPS["african"] >= {"sw", "yo"}
