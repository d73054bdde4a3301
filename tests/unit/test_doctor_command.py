"""``xstilts doctor``: a study's needs, and the command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from huggingface_hub import constants
from test_config import STUDY

from xstilts import cli
from xstilts.doctor.base import Finding, guarded
from xstilts.doctor.command import line
from xstilts.doctor.study import study_needs
from xstilts.grid import Grid

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from xstilts.doctor.base import Check


def loaded(folder: Path, text: str) -> dict[str, Finding]:
    file = folder / "study.yaml"
    file.write_text(text)
    needs = study_needs(lambda: Grid.load(None, [file], files_must_exist=False))
    return {finding.subject: finding for finding in needs.findings}


def test_a_study_with_all_its_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = loaded(tmp_path, STUDY)
    assert {finding.level for finding in found.values()} == {"ok"}
    assert found["base mini"].found == "is pretrained by the study"


def test_missing_data_and_bases_of_a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    text = STUDY.replace("source: microworld\nsource_language: qaa\n", "source: original\n")
    text = text.replace("microworld:\n  languages: 3\n", "").replace(
        "languages: all", "languages: [en]"
    )
    text = text.replace(
        "    pretrain: {vocab_size: 500}", "    hub: owner/model\n  own: {path: there}"
    )
    found = loaded(tmp_path, text)
    assert "bases.own.path: no such folder" in found["study"].found
    (tmp_path / "there").mkdir()
    (tmp_path / "there/config.json").write_text("{}")
    found = loaded(tmp_path, text)
    assert found["data of mnli"].level == "fault"
    assert "data_root is not set" in found["data of mnli"].found
    assert "to be fetched" in found["base mini"].found
    assert (found["base own"].level, "has no weights" in found["base own"].found) == ("fault", True)
    found = loaded(tmp_path, text.replace("[mnli]", "[mnly]"))
    assert (found["study"].level, "Did you mean 'mnli'?" in found["study"].found) == ("fault", True)


def test_a_check_that_fails_is_a_finding() -> None:
    def broken() -> Iterator[Finding]:
        yield Finding("ok", "a", "b")
        raise RuntimeError("no such thing")

    check: Check = broken
    assert [line(finding) for finding in guarded("machine", check)] == [
        "ok          a: b",
        "warning     machine: the check failed: RuntimeError: no such thing",
    ]


def test_the_command_fails_if_there_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    # a SLURM of this machine may have faults of its own
    monkeypatch.setenv("PATH", str(tmp_path))
    Path("study.yaml").write_text(STUDY.replace("[mnli]", "[mnly]"))
    assert cli.main(["doctor", "--configfile", "study.yaml"]) == 1
    output = capsys.readouterr().out
    assert "fault       study: study.yaml:" in output
    subjects = ("Python", "packages", "GPUs", "space of results", "file locks", "hub", "open files")
    for subject in (*subjects, "space of Hugging Face cache", "socket of the run", "SLURM"):
        assert f" {subject}: " in output
    assert output.splitlines()[-1].startswith("Faults: 1, warnings: ")
