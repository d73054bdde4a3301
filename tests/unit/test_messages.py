"""Messages for what people do: blank lines, hidden files, half an emoji, paths of other studies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_config import STUDY

from release_files import write_release_files
from xstilts.cli import main
from xstilts.data.file_patterns import first_match, matching_paths
from xstilts.errors import Problems, UserError
from xstilts.grid import Grid
from xstilts.tasks import TASKS

WORD = "1\tx\tx\tX\t_\t_\t0\troot\t_\t_\n"
SNLI = json.dumps({"sentence1": "a", "sentence2": "b", "gold_label": "neutral"}) + "\n"
COPA = {"premise": "a", "choice1": "b", "choice2": "c", "question": "effect", "label": 1, "idx": 0}
FILES = {
    "xnli": ("t.tsv", "a\tb\tneutral\n"),
    "snli": ("t.jsonl", SNLI),
    "udpos": ("t.conllu", WORD + "\n"),
    "panx": ("test", "en:a\tB-PER\n\n"),
    "xcopa": ("val.jsonl", json.dumps(COPA) + "\n"),
}


@pytest.mark.parametrize("end", ["\n", "\n\n\n", "  \n", "\t\n", "\r\n"])
@pytest.mark.parametrize("task", FILES)
def test_blank_lines_at_the_end_are_passed_over(tmp_path: Path, task: str, end: str) -> None:
    name, text = FILES[task]
    file = tmp_path / name
    file.write_text(text + end, encoding="utf-8", newline="")
    assert len(list(TASKS[task].read([file], "en"))) == 1


@pytest.mark.parametrize("task", ["xnli", "snli"])
def test_a_blank_line_elsewhere_is_named(tmp_path: Path, task: str) -> None:
    name, text = FILES[task]
    file = tmp_path / name
    file.write_text(f"{text}\n{text}", encoding="utf-8")
    with pytest.raises(UserError, match=rf"{name}:2: the line is empty\. Delete it"):
        list(TASKS[task].read([file], "en"))
    file.write_text("\n \n", encoding="utf-8")
    with pytest.raises(UserError, match=rf"{name}: the file has only blank lines"):
        list(TASKS[task].read([file], "en"))


def test_a_line_of_blanks_separates_sentences(tmp_path: Path) -> None:
    file = tmp_path / "t.conllu"
    file.write_text(f"{WORD}  \n{WORD}\n")
    assert len(list(TASKS["udpos"].read([file], "en"))) == 2


@pytest.mark.parametrize(
    "text", [r"\ud83d", r"\ude00 x", r"a\ud83d\n", r"\\\ud83d", r"\ud83d\ud83d"]
)
def test_half_an_emoji_names_file_and_line(tmp_path: Path, text: str) -> None:
    lines, whole = tmp_path / "t.jsonl", tmp_path / "train.json"
    lines.write_text(SNLI + SNLI.replace('"a"', f'"{text}"'))
    with pytest.raises(UserError, match=r"t\.jsonl:2: \\u\w{4} is half of a character"):
        list(TASKS["snli"].read([lines], "en"))
    whole.write_text('{"data": [\n{"title": "' + text + '"}]}')
    with pytest.raises(UserError, match=r"train\.json:2: \\u\w{4} is half of a character"):
        list(TASKS["squad_v1"].read([whole], "en"))
    # both halves are a character, and an escaped backslash begins none
    lines.write_text(SNLI.replace('"a"', r'"\ud83d\ude00 \\ud83d"'))
    assert next(iter(TASKS["snli"].read([lines], "en")))["text_a"] == "😀 \\ud83d"


def test_a_star_does_not_match_hidden_files(tmp_path: Path) -> None:
    names = ("._a.txt", ".b.txt", "a.txt", ".hidden/a.txt", "sub/._a.txt", "sub/a.txt")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert first_match(tmp_path, ["*.txt"]) == [tmp_path / "a.txt"]
    assert first_match(tmp_path, ["*/*.txt"]) == [tmp_path / "sub/a.txt"]
    assert first_match(tmp_path, [".b.txt|x"]) == [tmp_path / ".b.txt"]
    assert matching_paths(names, ["*.txt"]) == ["a.txt"]


def original(folder: Path, languages: str) -> str:
    """The error of a study on release files."""
    base = folder / "base"
    base.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (base / name).write_text("{}")
    (folder / "study.yaml").write_text(
        f"study: tiny\nsource: original\ndata_root: {write_release_files(folder / 'data')}\n"
        "seeds: [1]\n"
        f"bases: {{mine: {{path: {base}}}}}\nstrategies: {{none: [], other: [snli]}}\n"
        f"targets: {{xnli: {{languages: {languages}}}, xquad: {{languages: [en, ar]}}}}\n"
    )
    with pytest.raises(UserError) as caught:
        Grid.load(None, [folder / "study.yaml"])
    return str(caught.value)


def test_all_missing_files_are_in_one_message(tmp_path: Path) -> None:
    lines = original(tmp_path, "[en, de, fr, sw]").splitlines()
    missing = [line.partition("no file of ")[2].partition(" under")[0] for line in lines]
    expected = ["xnli (test) in 'fr'", "xnli (test) in 'sw'", "xquad (test) in 'ar'"]
    assert missing[:3] == expected
    assert "snli (train) in 'en'" in missing
    # what two keys name is there once
    assert len(set(missing)) == len(missing)
    assert all("study.yaml:" in line for line in lines[:3])


def test_the_list_of_problems_has_an_end() -> None:
    problems = Problems()
    problems.raise_all()
    for number in range(80):
        with problems.noted():
            raise UserError(f"study.yaml:1: key: file {number} is missing.")
    with pytest.raises(UserError) as caught:
        problems.raise_all()
    assert len(str(caught.value).splitlines()) == problems.shown + 1
    assert str(caught.value).endswith("... and 30 more.")
    with pytest.raises(UserError, match="file 0"), problems.noted():
        raise KeyError("a check that needs what is missing")


def test_a_path_of_another_study_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(STUDY.replace("tiny", "quickstart"))
    Path("my.yaml").write_text(STUDY.replace("tiny", "my_study"))
    path = "results/my_study/target/mini/seed-1/none/xnli"
    assert main(["explain", path]) == 2
    found = capsys.readouterr().err
    assert "belongs to the study 'my_study', not to 'quickstart'" in found
    assert "--configfile" in found
    # in every order
    for arguments in ([path, "--configfile", "my.yaml"], ["--configfile", "my.yaml", path]):
        assert main(["explain", *arguments]) == 0
        assert "not made yet" in capsys.readouterr().out
    assert main(["explain", "--configfile", "my.yaml"]) == 2
    assert "give the path of a product" in capsys.readouterr().err
    for wrong in (
        "data/nothing/en/train",
        "tokens/mini/nothing/qaa/train",
        "../../etc/passwd",
        "/",
    ):
        assert main(["explain", "--configfile", "my.yaml", wrong]) == 2
        assert wrong in capsys.readouterr().err
