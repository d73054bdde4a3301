"""Chain notation: labels are readable and parse back."""

from __future__ import annotations

import pytest

from xstilts.chains import Member, chain_label, chain_text, stage_label


@pytest.mark.parametrize(
    ("text", "member"),
    [("mnli", Member("mnli", "en")), ("pawsx@de", Member("pawsx", "de"))],
)
def test_members_parse_and_print(text: str, member: Member):
    assert Member.parse(text, "en") == member
    assert member.label("en") == text


def test_a_member_in_the_source_language_omits_the_language():
    assert Member.parse("mnli@en", "en").label("en") == "mnli"


def test_labels_of_mixtures_and_chains():
    members = (Member("squad_v1", "en"), Member("xnli", "de"))
    assert stage_label(members, "en") == "squad_v1+xnli@de"
    assert chain_label(()) == "none"
    assert chain_label(("squad_v1", "mnli")) == "squad_v1~mnli"
    assert chain_text(("squad_v1", "mnli"), "xnli") == "squad_v1 → mnli → xnli"
