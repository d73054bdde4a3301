"""Chain notation: labels are readable and parse back."""

from __future__ import annotations

from pathlib import Path

import pytest

from xstilts.chains import (
    Member,
    chain_label,
    chain_text,
    full_chain_label,
    repeats,
    stage_label,
)
from xstilts.files import write_json


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


LONG = tuple(f"panx@x{number:02}+panx@y{number:02}" for number in range(20))


def test_a_chain_too_long_for_a_file_name_is_shortened_and_stays_distinct():
    label = chain_label(LONG)
    assert label == "panx@x00+panx@y00~panx@x01+panx@y01~panx@x02+panx@y02...3ad46d3f9ab443d6"
    assert chain_label(LONG[:-1]) != label
    assert full_chain_label(LONG).startswith("panx@x00+panx@y00~panx@x01")


def test_the_longest_label_fits_in_every_file_name(tmp_path: Path):
    longest = "".join(f"{number:05}" for number in range(47))
    assert chain_label((longest,)) == longest
    assert len(longest) == 235
    write_json(tmp_path / f"{longest}.json", {})
    assert chain_label((f"{longest}x",)).startswith(longest[:60])


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("a" * 20, True),
        ("a" * 19, False),
        ("mnli" + "~mnli" * 20, True),
        ("mnli" + "~mnli" * 18, False),
        ("1" * 20, True),
        ("a" * 20 + "b", False),
        ("", False),
    ],
)
def test_repetitions_are_those_that_snakemake_refuses(name: str, refused: bool):
    from snakemake.io import PeriodicityDetector

    assert repeats(name) is refused
    assert (PeriodicityDetector().is_periodic(name) is not None) is refused
    assert not repeats(chain_label((name,)))
