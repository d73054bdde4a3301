"""Tasks that a study declares: found mistakes, identities, and no leak between studies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from test_config import STUDY as MICROWORLD
from test_config import grid_of

from own_studies import TOPICS, study_text, write_topics
from xstilts.config.own_task import METRICS
from xstilts.errors import UserError
from xstilts.grid import identities
from xstilts.jobs.data import prepare_data
from xstilts.plan.data import data_report
from xstilts.plan.lengths import SPECIAL, TOKENS_PER_WORD, Unknown, sequences
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from pathlib import Path

    from xstilts.grid import Grid

DECLARED = """\
kind: classification
files: {train: "my/{language}/train.csv", test: "my/{language}/test.csv"}
columns: {text: headline, label: topic}
languages: [en, sw]
labels: [politics, sport]
metric: accuracy
train: my_topics
"""


@pytest.fixture(autouse=True)
def _in_a_folder_with_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_topics(tmp_path)


def own_grid(tmp_path: Path, declaration: Any = TOPICS) -> Grid:
    """The grid of a study with one declared task; its base model does not exist."""
    return grid_of(tmp_path, study_text(declaration).replace("{path: model}", "{hub: me/model}"))


def test_a_declared_task_is_a_task_like_others(tmp_path):
    grid = own_grid(tmp_path, TOPICS | {"recipe": {"learning_rate": 2e-5}, "licence": "CC0"})
    node = grid.targets["my_topics"]
    assert (node.languages, [m.task for m in node.members]) == (("en", "sw"), ["my_topics"])
    recipe = grid.recipe("mini", "none", "my_topics")
    # it has no validation split
    assert (recipe["learning_rate"], recipe["selection"]) == (2e-5, "last")
    assert identities.data_files(grid, "my_topics", "sw", "test") == ["my/sw/test.csv"]
    assert identities.tokens(grid, "my_topics")["labels"] == ["politics", "sport"]
    assert identities.trivial_baselines(grid, "my_topics")["mixture"] == ["my_topics@en"]
    assert [item["licence"] for item in data_report(grid)] == ["CC0"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("kind: classification", "kind: clasification", "study.yaml:11: tasks.my_topics.kind: "
         "'clasification' is not accepted. Did you mean 'classification'?"),
        ("columns: {text:", "columns: {txt:", "study.yaml:13: tasks.my_topics.columns.txt: 'txt' "
         "is not a known field of classification tasks. Did you mean 'text'?"),
        ("columns: {text:", "columnz: {text:", "Did you mean 'columns'?"),
        ("text: headline", "text: 3", "study.yaml:13: tasks.my_topics.columns.text: 3 is not the "
         "name of a column"),
        ("{text: headline", "{text: headline, text_b: body", "text is for tasks with one text"),
        ("my/{language}/test", "my/{languages}/test", "study.yaml:12: tasks.my_topics.files.test: "
         "'languages' is not a known placeholder. Did you mean 'language'?"),
        ("/test.csv", "/test.xlsx", "'.xlsx' is not a known format of tables"),
        ("my/{language}/test.csv", "my/en/test.csv", "'my/en/test.csv' is the same file for all of "
         "en, sw. Put {language} into the path"),
        ("my/{language}/test.csv", "my/{language}/tset.csv", "study.yaml:8: targets.my_topics: no "
         "file of my_topics (test) in 'en'"),
        ("my/{language}/test.csv", "~no-such-user/{language}.csv", "study.yaml:12: "
         "tasks.my_topics.files.test: no home folder of ~no-such-user is known"),
        ("[en, sw]", "[en, ../sw]", "study.yaml:14: tasks.my_topics.languages[1]: '../sw' cannot "
         "be part of a path"),
        ("[en, sw]", "[en, sw, en]", "study.yaml:14: tasks.my_topics.languages: 'en' is named "
         "twice"),
        ("[en, sw]", "[en, sw]\ncodes: {swa: sw}", "'swa' is not a known language of this task. "
         "Did you mean 'sw'?"),
        ("[politics, sport]", "[yes, no]", "study.yaml:15: tasks.my_topics.labels: YAML reads yes"),
        ("[politics, sport]", "[sport, sport]", "a label is named twice"),
        ("metric: accuracy", "metric: acuracy", "study.yaml:16: tasks.my_topics.metric: 'acuracy' "
         "is not a known metric of classification tasks. Did you mean 'accuracy'?"),
        ("train: my_topics", "train: my_topic", "study.yaml:17: tasks.my_topics.train: 'my_topic' "
         "is not a known task. Did you mean 'my_topics'?"),
        ("files: {train: \"my/{language}/train.csv\", ", "files: {", "study.yaml:8"),
        ("files:", "hub: {repository: me/x, files: {test: a.csv}}\nfiles:", "give exactly one of "
         "files, hub"),
        ("train: my_topics", "unanswerable: true", "only for kind span"),
    ],
)  # fmt: skip
def test_mistakes_are_found_with_line_and_nearest_name(tmp_path, old, new, expected):
    assert old in DECLARED
    with pytest.raises(UserError) as caught:
        own_grid(tmp_path, DECLARED.replace(old, new))
    assert expected in str(caught.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ({"kind": "multiple_choice", "columns": {"choices": ["a", "b"]}}, "name the column of the "
         "context or of the question"),
        ({"kind": "multiple_choice", "columns": {"question": "q"}}, "list the values of the label "
         "column"),
        ({"kind": "multiple_choice", "columns": {"question": "q", "choices": ["a", "b"]},
          "labels": ["A"]}, "1 labels for 2 choices"),
        ({"kind": "span", "labels": ["x"]}, "span tasks have no labels"),
        ({"kind": "span", "columns": {"answers": "a", "start": "s"}}, "give answers, or answer and "
         "start"),
        ({"kind": "tagging", "files": {"train": "a.conllu"}, "languages": ["en"],
          "columns": {"tags": "upso"}}, "'upso' is not a known column of CoNLL-U. Did you mean "
         "'upos'?"),
        ({"kind": "tagging", "files": {"train": "a.conllu", "test": "b.txt"}, "languages": ["en"]},
         "the splits have different formats (CoNLL-U, lines)"),
        ({"files": {"test": "my/{language}/test.csv"}}, "classification tasks need a trained head"),
    ],
)  # fmt: skip
def test_what_a_kind_needs(tmp_path, declaration, expected):
    fields = {"files": TOPICS["files"], "languages": ["en", "sw"], "kind": "classification"}
    with pytest.raises(UserError) as caught:
        own_grid(tmp_path, fields | declaration)
    assert expected in str(caught.value)


@pytest.mark.parametrize("when_missing", ["error", "skip"])
def test_a_mistaken_path_is_no_gap(tmp_path, when_missing):
    text = study_text(DECLARED.replace("/test.csv", "/tset.csv"))
    text = text.replace("seeds:", f"when_missing: {when_missing}\nseeds:")
    with pytest.raises(UserError, match=r"Nearest file: my/en/test\.csv\. Add the file"):
        grid_of(tmp_path, text.replace("{path: model}", "{hub: me/model}"))


def test_files_of_a_declared_task_have_no_other_source(tmp_path):
    text = study_text(TOPICS) + "sources: {my_topics: hub}\n"
    with pytest.raises(UserError, match=r"tasks\.my_topics names the files of this task"):
        grid_of(tmp_path, text)


@pytest.mark.parametrize("name", ["xnli", "none", "target", "My-Task"])
def test_names_that_a_task_cannot_have(tmp_path, name):
    text = study_text(TOPICS).replace("  my_topics:\n    kind", f"  {name}:\n    kind")
    with pytest.raises(UserError, match=rf"study.yaml:10: tasks.{name}: .*[Cc]hoose another"):
        grid_of(tmp_path, text)


def test_studies_do_not_know_the_tasks_of_others(tmp_path):
    first = own_grid(tmp_path)
    second = own_grid(tmp_path, TOPICS | {"kind": "tagging", "columns": {"tokens": "headline"}})
    assert first.study.known_tasks["my_topics"].kind == "classification"
    assert second.study.known_tasks["my_topics"].kind == "tagging"
    assert "my_topics" not in TASKS
    with pytest.raises(UserError, match="'my_topics' is not a known task"):
        grid_of(tmp_path, MICROWORLD.replace("[mnli]", "[my_topics]"))


def test_a_study_of_the_microworld_refuses_it(tmp_path):
    text = MICROWORLD.replace("mnli: [mnli]", "mnli: [my_topics]")
    with pytest.raises(UserError, match="the microworld does not generate my_topics"):
        grid_of(tmp_path, text + study_text(TOPICS)[study_text(TOPICS).index("tasks:") :])


def every_identity(grid: Grid) -> dict[str, Any]:
    """The identities of all that is made from one task."""
    return {
        "data": identities.data(grid, "my_topics", "en", "train"),
        "tokens": identities.tokens(grid, "my_topics"),
        "model": identities.model(grid, "mini", 1, "none", "my_topics"),
        "predictions": identities.predictions(grid, "my_topics"),
        "scores": identities.scores(grid, "my_topics"),
    }


ALL = ["data", "tokens", "model", "predictions"]


@pytest.mark.parametrize(
    ("changes", "affected"),
    [
        ({"title": "Which topic?", "licence": "CC0", "metric": "accuracy"}, []),
        ({"columns": {"text": "topic", "label": "topic"}}, ["data"]),
        ({"labels": ["sport", "politics"]}, ALL),
        ({"labels": {"politics": "p", "sport": "s"}}, ALL),
        ({"quoted": False}, ["data"]),
        ({"recipe": {"learning_rate": 3e-5}}, ["model"]),
        ({"recipe": {"max_length": 99}}, ["tokens"]),
        ({"languages": ["en"]}, ["scores"]),
        ({"files": TOPICS["files"] | {"validation": "my/{language}/test.csv"}}, []),
    ],
)
def test_a_change_affects_what_it_must_and_nothing_else(tmp_path, changes, affected):
    fixed = {"recipe": {"selection": "last"}}
    before = every_identity(own_grid(tmp_path, TOPICS | fixed))
    changes = {"recipe": fixed["recipe"] | changes["recipe"]} if "recipe" in changes else changes
    after = every_identity(own_grid(tmp_path, TOPICS | fixed | changes))
    assert [name for name in before if before[name] != after[name]] == affected


def prepared(grid: Grid, language: str, split: Any) -> Any:
    """The manifest of a data set, read as its job does."""
    from pathlib import Path

    identity = identities.data(grid, "my_topics", language, split)
    files = [Path(name) for name in identities.data_files(grid, "my_topics", language, split)]
    manifest = Path(grid.paths.data("my_topics", language, split))
    manifest.parent.mkdir(parents=True, exist_ok=True)
    return prepare_data(identity, files, manifest.with_suffix(".parquet"), manifest)


def test_a_job_reads_it_from_its_identity(tmp_path):
    found = prepared(own_grid(tmp_path), "sw", "train")
    assert found.facts["labels"] == {"politics": 6, "sport": 6}
    assert "expected_rows" not in found.facts


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("politics", "politcs", "my/en/test.csv:2: column 'topic': 'politcs' is not a known label. "
                                "Did you mean 'politics'?"),
        ("headline", "heading", "my/en/test.csv: 'headline' is not a known column of this file. "
                                "Did you mean 'heading'?"),
        # each row has two lines
        ("sport,", "sport,x,", "my/en/test.csv:4: 3 cells, but the header has 2"),
        ('says ""test"""\n', "says\n", "my/en/test.csv:2: not a complete row"),
    ],
)  # fmt: skip
def test_mistakes_in_data_are_found_with_file_and_line(tmp_path, old, new, expected):
    file = tmp_path / "my/en/test.csv"
    text = file.read_bytes().decode().replace("\r\n", "\n")
    assert old in text
    file.write_text(text.replace(old, new, 1), newline="")
    with pytest.raises(UserError) as caught:
        prepared(own_grid(tmp_path), "en", "test")
    assert expected in str(caught.value)


def test_the_plan_counts_its_files(tmp_path):
    grid = own_grid(tmp_path)
    found = sequences(grid, "mini", "my_topics", "sw", "test")
    # "Kura number 0, says "test"", and the special tokens
    assert (found.count, found.length) == (12, pytest.approx(5 * TOKENS_PER_WORD + SPECIAL))
    for file in tmp_path.glob("my/*/*.csv"):
        file.unlink()
    with pytest.raises(Unknown, match="examples of my_topics"):
        sequences(grid, "mini", "my_topics", "sw", "test")


def test_labels_of_the_training_data_and_a_split_of_one_language(tmp_path):
    (tmp_path / "my/sw/train.csv").unlink()
    files = TOPICS["files"] | {"train": {"path": "my/en/train.csv", "languages": ["en"]}}
    grid = own_grid(tmp_path, {k: v for k, v in TOPICS.items() if k != "labels"} | {"files": files})
    assert grid.study.known_tasks["my_topics"].splits("sw") == ("test",)
    assert identities.tokens(grid, "my_topics")["labels"] == []
    assert prepared(grid, "en", "train").facts["rows"] == 12


def test_absolute_paths_and_the_working_directory(tmp_path):
    files = {split: f"{tmp_path}/{path}" for split, path in TOPICS["files"].items()}
    grid = own_grid(tmp_path, TOPICS | {"files": files})
    assert identities.data_files(grid, "my_topics", "sw", "test") == [f"{tmp_path}/my/sw/test.csv"]
    assert prepared(grid, "sw", "test").facts["rows"] == 12


def test_a_repository_is_downloaded_or_read_from_the_mirror(tmp_path):
    hub = {"repository": "me/topics", "revision": "a" * 40, "files": TOPICS["files"]}
    declared = {key: value for key, value in TOPICS.items() if key != "files"} | {"hub": hub}
    grid = own_grid(tmp_path, declared)
    [request] = identities.download(grid, "my_topics", "sw", "test")["requests"]
    assert request == {"repo": "me/topics", "revision": "a" * 40, "files": ["my/sw/test.csv"]}
    (tmp_path / "mirror/me/topics").mkdir(parents=True)
    (tmp_path / "my").rename(tmp_path / "mirror/me/topics/my")
    text = study_text(declared).replace("{path: model}", "{hub: me/model}")
    grid = grid_of(tmp_path, "mirror: mirror\n" + text)
    assert prepared(grid, "sw", "test").facts["rows"] == 12


def test_every_kind_has_metrics():
    for task in TASKS.values():
        assert task.kind == "mlm" or task.metric in METRICS[task.kind]
