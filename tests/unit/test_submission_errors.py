"""Wrong submissions are one message with file and line; meaningless scores come with a warning."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from submission_files import GOOD, benchmark, squad, write_good

from xstilts.cli import main
from xstilts.errors import UserError
from xstilts.submission.present import as_json, as_text
from xstilts.submission.score import score_folders

ALL = tuple(name.partition("/")[0] for name in GOOD)
L, P = "labels", "predictions"


def error(folder: Path, task: str, labels: str, predictions: str, missing: Any = "error") -> str:
    """The error message for a task with these files, as LABELS and PREDICTIONS."""
    folders = write_good(folder, **{task: (labels, predictions)})
    with pytest.raises(UserError) as caught:
        score_folders(*folders, benchmark(*ALL), missing=missing)
    message = str(caught.value).replace(f"{folder}/", "")
    name = next(name for name in GOOD if name.startswith(f"{task}/"))
    return message.replace(f"{L}/{name}", "LABELS").replace(f"{P}/{name}", "PREDICTIONS")


@pytest.mark.parametrize(
    ("task", "labels", "predictions", "expected"),
    [
        # more or fewer predictions than gold
        ("xnli", "neutral\nneutral\n", "neutral\n", "PREDICTIONS: 1 predictions, "
         "but LABELS has 2 lines; PREDICTIONS:1 is the last"),
        ("xnli", "neutral\n", "neutral\nneutral\n", "PREDICTIONS: 2 predictions, "
         "but LABELS has 1 lines; LABELS:1 is the last"),
        ("tatoeba", "0\n1\n", "0\n", "PREDICTIONS: 1 predictions, but"),
        ("xcopa", '{"label": 0}\n', '{"label": 0}\n' * 2, "PREDICTIONS: 2 predictions"),
        ("panx", "O\n\nO\n", "O\n", "PREDICTIONS: 1 sentences, but LABELS "
         "has 2"),
        # an id without prediction, and one without gold
        ("xquad", squad({"q1": ["x"], "q2": ["y"]}), '{"q1": "x"}', "PREDICTIONS: "
         "no prediction for id 'q2' (LABELS:19); 1 of 2 are missing"),
        ("xquad", squad({"q1": ["x"]}), '{"q1": "x",\n "q7": "y"}', "PREDICTIONS:2: "
         "id 'q7' is not in LABELS; 1 of 2"),
        ("mewslix", '{"m": ["Q1"],\n"n": ["Q2"]}', '{"m": ["Q1"]}', "no prediction for id 'n' "
         "(LABELS:2)"),
        ("mewslix", '{"m": ["Q1"]}', '{"m": [],\n\n"o": []}', "PREDICTIONS:3: "
         "id 'o' is not in"),
        # different numbers of tags and tokens: the error names the sentence
        ("panx", "O\nO\n\nO\nB-PER\n\nO\n", "O\nO\n\nO\n\nB-PER\nO\n", "PREDICTIONS:4:"
         " sentence 2 has 1 predicted tags, but 2 tokens (LABELS:4)"),
        # unknown labels
        ("xnli", "neutral\nneutral\n", "neutral\nnetral\n", "PREDICTIONS:2: 'netral' "
         "is not a known label. Did you mean 'neutral'?"),
        ("xnli", "neutral\n2\n", "neutral\nneutral\n", "LABELS:2: '2' is not a known "
         "label."),
        ("xnli", "neutral\n\n", "neutral\n\n", "LABELS:2: empty line."),
        ("panx", "B-PER\n", "B-PERS\n", "PREDICTIONS:1: 'B-PERS' is not a known label."
         " Did you mean 'B-PER'?"),
        ("panx", "O\nB-PER\n", "Hello\tO\nO\n", "PREDICTIONS:1: 'Hello\\tO' is not"),
        ("xcopa", '{"label": 0}\n', '{"label": 2}\n', "PREDICTIONS:1: '2' is not a "
         "known label."),
        ("xcopa", '{"label": 0}\n', '{"label": true}\n', "PREDICTIONS:1: 'True' is not a "
         "known label."),
        ("xcopa", '{"label": 0}\n', '{"answer": 0}\n', "PREDICTIONS:1: "
         "'{\"answer\": 0}' is not a JSON object with a label"),
        ("xcopa", '{"label": 0}\n', "0\n", "PREDICTIONS:1: '0' is not a JSON"),
        ("tatoeba", "0\n1\n", "0\n[1]\n", "PREDICTIONS:2: '[1]' is not a line number"),
        ("tatoeba", "0\n1\n", "0\n01\n", "PREDICTIONS:2: '01' is not a line number"),
        ("tatoeba", "0\n\n", "0\n1\n", "LABELS:2: '' is not a line number"),
        ("bucc2018", "de-1\ten-1\n", "de-1\ten-1\nen-2\tde-2\n", "PREDICTIONS:2: "
         "ids 'en-2' and 'de-2', where LABELS has ids such as 'de-1'"),
        ("bucc2018", "de-1\ten-1\n", "de-1 en-1\n", "PREDICTIONS:1: 1 columns."),
        ("bucc2018", "de-1\ten-1\n\nde-2\ten-2\n", "de-1\ten-1\n", "LABELS:2: 0 "
         "columns."),
        # truncated JSON, or JSON of another form
        ("xquad", squad({"q": ["x"]}), '{"q": "x",\n"r', "PREDICTIONS:2: not valid "
         "JSON: Unterminated string starting at (column 1)"),
        ("xquad", squad({"q": ["x"]})[:-30], '{"q": "x"}', "LABELS:"),
        ("mewslix", '{"m": ["Q1"]', '{"m": ["Q1"]}', "LABELS:1: not valid JSON"),
        ("xquad", squad({"q": ["x"]}), '["x"]', "PREDICTIONS:1: not an object."),
        ("xquad", squad({"q": ["x"]}), '{\n"q": null}', "PREDICTIONS:2: the answer to"
         " 'q' is None"),
        ("xquad", '{"data": [{}]}', '{"q": "x"}', "LABELS: not SQuAD's form (KeyError:"
         " 'paragraphs')"),
        ("xquad", squad({"q": ["x"], "r": []}), '{"q": "x", "r": "y"}', "LABELS:19: "
         "question 'r' has no gold answer"),
        ("xquad", '{"data": []}', "{}", "LABELS: no question in it."),
        ("mewslix", '{"m": ["Q1"]}', '{"m": "Q1"}', "PREDICTIONS:1: 'm' has 'Q1', "
         "not a list"),
        ("mewslix", '{"m": []}', '{"m": ["Q1"]}', "LABELS:1: mention 'm' has no gold"),
        # files without content
        *((task, "", "", "S: the file is empty.")
          for name in GOOD for task in [name.partition("/")[0]]),
        ("bucc2018", " \n", "de-1\ten-1\n", "LABELS: the file has only blank lines."),
        ("panx", "O\n", " \n\n", "PREDICTIONS: the file has only blank lines."),
    ],
)  # fmt: skip
def test_wrong_files_are_one_message_with_the_line(
    tmp_path, task: str, labels: str, predictions: str, expected: str
) -> None:
    message = error(tmp_path, task, labels, predictions)
    assert expected in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("task", "labels", "predictions"),
    [
        ("xnli", "neutral\nneutral\n", "neutral\n"),
        ("tatoeba", "0\n1\n", "0\n"),
        ("xcopa", '{"label": 0}\n' * 2, '{"label": 0}\n'),
        ("panx", "O\n\nO\n", "O\n"),
        ("panx", "O\nO\n", "O\n"),
    ],
)
def test_missing_lines_cannot_count_as_wrong(
    tmp_path, task: str, labels: str, predictions: str
) -> None:
    """The official script ends with an error, or for a missing tag scores the wrong ones."""
    usual = error(tmp_path / "usual", task, labels, predictions)
    message = error(tmp_path / "wrong", task, labels, predictions, missing="wrong")
    assert message.startswith(usual)
    assert "--missing wrong cannot be applied: this task's predictions have no ids" in message


def test_missing_answers_need_a_task_with_ids(tmp_path, capsys) -> None:
    folders = [str(folder) for folder in write_good(tmp_path, xquad=None, mlqa=None, mewslix=None)]
    command = ["score", *folders, "--benchmark", "found", "--missing", "wrong"]
    assert main(command) == 0  # mined pairs
    shutil.rmtree(tmp_path / "predictions/bucc2018")
    capsys.readouterr()
    assert main(command) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "xnli, xcopa, panx, tatoeba: --missing wrong cannot be applied" in message


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("part", [L, P])
def test_another_encoding_is_named_with_its_line(tmp_path, name: str, part: str) -> None:
    folders = write_good(tmp_path)
    file = tmp_path / part / name
    file.write_bytes(b"\n\n" + "Führer\n".encode("latin-1"))
    with pytest.raises(
        UserError, match=rf"{part}/{name}:3: byte 2 of the line \(0xfc\) is not UTF-8"
    ):
        score_folders(*folders, benchmark(*ALL))


def test_folders_of_another_layout(tmp_path) -> None:
    labels, predictions = write_good(tmp_path)
    small = benchmark(*ALL)

    def message(gold: Path, predicted: Path) -> str:
        with pytest.raises(UserError) as caught:
            score_folders(gold, predicted, small)
        return str(caught.value).replace(f"{tmp_path}/", "")

    assert message(labels, tmp_path / "prediction") == (
        f"prediction: no such folder. Did you mean {predictions}?".replace(f"{tmp_path}/", "")
    )
    (tmp_path / "outer").mkdir()
    shutil.copytree(predictions, tmp_path / "outer/mine")
    assert "outer: no folder of a task in it. Did you mean outer/mine?" in message(
        labels, tmp_path / "outer"
    )
    (tmp_path / "empty").mkdir()
    assert "empty: no folder of a task in it. The layout is TASK/test-LANGUAGE.tsv" in message(
        labels, tmp_path / "empty"
    )
    (predictions / "xnlii").mkdir()
    assert "predictions/xnlii: the layout has no task of this name. Did you mean 'xnli'?" in (
        message(labels, predictions)
    )
    (predictions / "xnlii").rmdir()
    (predictions / ".cache").mkdir()
    file = predictions / "xnli/test-en.tsv"
    file.rename(file.with_name("test_en.tsv"))
    assert (
        "predictions/xnli/test-en.tsv: no such file; 1 of the 1 languages of xnli lack one. Did "
        in (message(labels, predictions))
    )
    for folder, task in ((labels, "xnli"), (predictions, "tatoeba")):
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "outer/mine" / task, folder / task)
    assert message(labels, predictions).startswith(
        "predictions: it has no task of small in common with labels. Predictions: tatoeba;"
    )


def test_the_command_ends_with_the_message(tmp_path, capsys) -> None:
    labels, predictions = write_good(tmp_path, xnli=("neutral\n", "neutrl\n"))
    assert main(["score", str(labels), str(predictions), "--benchmark", "found"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "xnli/test-en.tsv:1: 'neutrl' is not a known label" in captured.err


# --- warnings -----------------------------------------------------------------------------------

TEN = ["neutral\n", "entailment\n"] * 5


@pytest.mark.parametrize(
    ("task", "labels", "predictions", "expected"),
    [
        ("xnli", "neutral\n" * 10, "".join(TEN), ["placeholder labels: all 10 are 'neutral'"]),
        ("xnli", "0\n1\n", "neutral\nneutral\n", ["placeholder labels: '"]),
        ("xnli", "".join(TEN), "neutral\n" * 10, ["degenerate predictions: all 10 are 'neutral'"]),
        ("xnli", "neutral\n" * 9, "neutral\n" * 9, []),
        ("panx", "O\nB-PER\n" * 6, "O\n" * 12, ["degenerate predictions: all 12 are 'O'"]),
        ("panx", "X\n" * 4, "O\nO\nB-PER\nO\n", ["placeholder labels: 'X' instead of O, B-PER"]),
        ("tatoeba", "\n".join(map(str, range(12))), "3\n" * 12, ["degenerate predictions: all 12"]),
        ("tatoeba", "0\n" * 12, "\n".join(map(str, range(12))), ["placeholder labels: all 12"]),
        ("xcopa", '{"label": 0}\n' * 10, '{"label": 0}\n' * 9 + '{"label": 1}\n',
         ["placeholder labels: all 10 are '0'"]),
        # XTREME's own download has emptied answers
        ("xquad", squad({f"q{i}": [""] for i in range(10)}),
         json.dumps({f"q{i}": str(i) for i in range(10)}), ["placeholder labels: all 10"]),
        ("xquad", squad({f"q{i}": [str(i)] for i in range(10)}),
         json.dumps({f"q{i}": "" for i in range(10)}), ["degenerate predictions: all 10"]),
        ("xquad", squad({"q": ["x"]}), '{"q": "y", "q": "x"}', ["id 'q' occurs twice; the last"]),
        ("mewslix", '{"m": ["Q1"]}', '{"m": ["Q2"], "m": ["Q1"]}', ["id 'm' occurs twice"]),
        ("bucc2018", "de-1\ten-1\n" * 12, "de-1\ten-1\n" * 12, ["12", "12"]),
        ("bucc2018", "de-1\ten-1\n", "", ["no pair in it"]),
    ],
)  # fmt: skip
def test_meaningless_scores_come_with_a_warning(
    tmp_path, task: str, labels: str, predictions: str, expected: list[str]
) -> None:
    folders = write_good(tmp_path, **{task: (labels, predictions)})
    scores = score_folders(*folders, benchmark(*ALL))
    found = as_json(scores)["xstilts"]["warnings"]
    assert [(w["task"], w["language"]) for w in found] == [(task, "en")] * len(expected)
    if task != "bucc2018":
        for warning, text in zip(found, expected, strict=True):
            assert text in warning["message"]
    # the official dictionaries are unchanged
    assert set(as_json(scores)) == {"overall", "tasks", "xstilts"}
    assert bool(expected) == ("\nWarnings:" in list(as_text(scores)))


def test_questions_that_share_an_id_are_warned_about(tmp_path) -> None:
    twice = squad({"q": ["x"], "r": ["y"]}).replace('"r"', '"q"')
    folders = write_good(tmp_path, xquad=(twice, '{"q": "x"}'))
    scores = score_folders(*folders, benchmark("xquad"))
    assert scores.tasks["xquad"].metrics["exact_match"] == {"en": 50.0}
    assert "1 questions have the id of another" in scores.warnings[0].message
