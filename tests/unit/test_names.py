"""Names that become paths, and paths, of a study: refused with the key, or expanded."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from test_config import STUDY

from xstilts.chains import Member
from xstilts.config.texts import Revision, TextPattern, UserPath
from xstilts.errors import UserError
from xstilts.grid import Grid
from xstilts.names import path_name, repository_name, revision_name, user_path

HOSTILE = (
    "../../../x", "..", ".", "/etc/x", "a/b", "a\\b", "a\0b", ".hidden", "", " ", "a b", "a\n", "~",
    "a\u202eb", "-rf", "a" * 101, "a~b", "a+b", "a@b", "é", "*", "{x}", "a:b",
)  # fmt: skip


def message(folder: Path, **changes: object) -> str:
    """The error of a study with other values of some keys."""
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(STUDY), **changes}), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        Grid.load(None, [file])
    return str(caught.value)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_is_not_one_part_of_a_path_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be part of a path"):
        path_name(name)
    text = [{"files": "x/{language}.txt", "languages": ["qaa", name]}]
    assert "text[0].languages[1]: " in message(tmp_path, text=text)
    target = {"xnli": {"languages": [name]}}
    assert "targets.xnli.languages[0]: " in message(tmp_path, targets=target)
    if ":" not in name and name.strip() == name and "@" not in name:
        for member in (f"mnli@{name}", f"mnli@{name}:translated", f"{name}x/@qaa"):
            with pytest.raises(UserError, match=r"strategies\.s\[0\]: .* part of a path"):
                Member.parse(member, "qaa", "strategies.s[0]")


@pytest.mark.parametrize("key", ["study", "bases", "strategies", "stages", "targets"])
def test_every_named_section_refuses_paths(tmp_path: Path, key: str) -> None:
    value = "../x" if key == "study" else {"../x": {}}
    found = message(tmp_path, **{key: value})
    assert "'../x' is not a name here. Use lower-case letters" in found
    assert found.count("study.yaml:") == len(found.splitlines())


def test_names_of_the_hub() -> None:
    for good in ("main", "refs/convert/parquet", "v1.0", "0123abcdef"):
        assert revision_name(good) == good
    for bad in ("../../x", "a/../b", "/x", "a//b", "", "a b", "x/"):
        with pytest.raises(ValueError, match="is not a branch"):
            revision_name(bad)
    for good in ("xlm-roberta-base", "FacebookAI/xlm-roberta-base"):
        assert repository_name(good) == good
    for bad in ("../x", "a/b/c", "/x", "a/..", ""):
        with pytest.raises(ValueError, match="is not a repository"):
            repository_name(bad)


def test_a_tilde_is_the_home_folder_in_every_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_path("~/data") == f"{tmp_path}/data"
    assert user_path("./a//b") == "./a//b"
    for path in ("", "a\0b", "~nobody-here/x", "x" * 300):
        with pytest.raises(ValueError, match=r"\w"):
            user_path(path)
    found = message(tmp_path, source="original", source_language="en", data_root="~/data")
    assert f"data_root: no such folder: {tmp_path}/data" in found
    from xstilts.config.bases import Base
    from xstilts.config.study import Study
    from xstilts.config.translations import TranslationModel, Translations

    assert Base(path="~/m").path == f"{tmp_path}/m"
    assert TranslationModel(path="~/m").path == f"{tmp_path}/m"
    assert Translations(files={"mnli": "~/{language}"}).files == {
        "mnli": f"{tmp_path}/{{language}}"
    }
    study = Study(
        **{**yaml.safe_load(STUDY), "mirror": "~/a", "hub_cache": "~/b", "claims": ["~/c"]}
    )
    assert (study.mirror, study.hub_cache) == (f"{tmp_path}/a", f"{tmp_path}/b")
    assert study.claims == [f"{tmp_path}/c"]


@pytest.mark.parametrize("pattern", ["x/{lang}", "x/{", "{0}", "{language.x}", "{language:>99}"])
def test_only_the_language_is_replaced_in_a_pattern(tmp_path: Path, pattern: str) -> None:
    text = [{"files": pattern, "languages": ["qaa"]}]
    assert "text[0].files: " in message(tmp_path, text=text)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("text: [{files: x, languages: [no, sv]}]", 'reads no without quotes as False. Write it'),
        ("study: 2020-01-02", 'Write it in quotes: "2020-01-02"'),
        ("recipes: {all: {max_steps: 1e18}}", "Write all its digits: 1000000000000000000"),
        ("recipes: {all: {max_steps: 1000000000000000000}}", "1000000000000000000 is too large"),
        ("recipes: {all: {epochs: 1e300}}", "1e+300 is too large"),
        ("seeds: [-1]", "-1 is negative"),
        ("seeds: [99999999999999999999]", "99999999999999999999 is too large"),
    ],
)  # fmt: skip
def test_values_that_yaml_or_a_run_cannot_mean(tmp_path: Path, line: str, expected: str) -> None:
    key = line.partition(":")[0]
    lines = [old for old in STUDY.splitlines() if not old.startswith(f"{key}:")]
    file = tmp_path / "study.yaml"
    file.write_text("\n".join([*lines, line]))
    with pytest.raises(UserError) as caught:
        Grid.load(None, [file])
    assert expected in str(caught.value)
    assert f"study.yaml:{len(lines) + 1}: {key}" in str(caught.value)


def test_the_types_of_the_schema_are_plain_texts() -> None:
    for kind in (Revision, TextPattern, UserPath):
        assert kind.__origin__ is str
