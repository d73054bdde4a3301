"""What is known of languages covers the tasks', and groups say something."""

from __future__ import annotations

from xstilts.languages import FAMILY, SCRIPT, XLMR_TEXT, groupings
from xstilts.suites import GROUPS, SUITES
from xstilts.tasks import TASKS


def test_every_language_of_a_suite_has_family_and_script() -> None:
    codes = {c for suite in SUITES.values() for languages in suite.values() for c in languages}
    codes |= {code for task in TASKS.values() for code in task.languages if task.kind != "mlm"}
    # N'Ko is a written standard; Moroccan tweets mix two scripts
    assert codes - set(FAMILY) == {"nqo_Nkoo"}
    assert codes - set(SCRIPT) == {"ary"}
    assert FAMILY["sw"] == "Atlantic-Congo"
    assert (SCRIPT["am"], SCRIPT["zh"], SCRIPT["bbj"]) == ("Ethi", "Hani", "Latn")
    assert XLMR_TEXT["sw"] == "under 1 GB"
    assert "yo" not in XLMR_TEXT
    # a variety in two scripts is one language in two groups
    assert (SCRIPT["taq_Tfng"], SCRIPT["taq_Latn"]) == ("Tfng", "Latn")
    assert FAMILY["taq_Tfng"] == FAMILY["taq_Latn"] == FAMILY["ar"]
    assert (XLMR_TEXT["zho_Hans"], XLMR_TEXT["zho_Hant"]) == ("over 10 GB", "1 to 10 GB")
    assert set(XLMR_TEXT) <= set(FAMILY) | {"br", "fy", "la"}


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
