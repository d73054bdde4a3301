"""Predictions of the workflow in the layout of a submission have the same scores there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from engine_world import SHARED, needs_shared, write_data
from submission_predictions import NUM_LAYERS, predicted, write_predictions
from test_config import STUDY, grid_of

from xstilts.cli import main
from xstilts.config.protocol import PROTOCOLS
from xstilts.errors import UserError
from xstilts.explain import explain
from xstilts.grid import Grid, identities, submissions
from xstilts.jobs.score import score_cell
from xstilts.jobs.submission import write_available, write_submission
from xstilts.layers import layer_at
from xstilts.prediction.schemas import PREDICTION_SCHEMAS
from xstilts.readers.bitext import read_parallel
from xstilts.results.score import read_predictions
from xstilts.schema_metadata import with_metadata
from xstilts.submission.benchmarks import Benchmark
from xstilts.submission.layout import detect_benchmark
from xstilts.submission.score import score_folders
from xstilts.submission.write import write_language

TARGETS = """\
targets:
  xnli: {}
  xquad: {languages: [qaa, qab]}
  udpos: {languages: [qab]}
  tatoeba: {languages: [qac]}
  bucc2018: {languages: [qab]}
  mewslix: {languages: [qab]}
  dev: {task: xnli, split: validation}
  again: {task: xquad}
"""


@pytest.fixture
def grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Grid:
    """A study in a folder of its own, with the data that retrieval candidates come from."""
    monkeypatch.chdir(tmp_path)
    study = STUDY[: STUDY.index("targets:")] + TARGETS
    found = grid_of(tmp_path, study)
    rows = [
        *({"id": f"c{n}", "side": "candidate", "text": "x", "matches": []} for n in range(25)),
        *({"id": f"q{n}", "side": "query", "text": "y", "matches": [f"c{n}"]} for n in range(25)),
    ]
    data = Path(found.paths.data("tatoeba", "qac", "test")).with_suffix(".parquet")
    data.parent.mkdir(parents=True)
    write_data(data, "retrieval", rows)
    return found


def submit(grid: Grid, submission: submissions.Submission) -> Path:
    """Predict and write one submission; return its folder."""
    stages = grid.stages_of(submission.chain)
    for target in submissions.submitted_targets(grid).values():
        for language in grid.targets[target].languages:
            write_predictions(grid, target, language, stages)
    manifest = Path(submissions.manifest(grid, submission))
    write_submission(
        submissions.identity(grid),
        predictions=submissions.prediction_files(grid, submission),
        data=submissions.candidate_data(grid),
        manifest=manifest,
    )
    return manifest.parent


def own_scores(grid: Grid, target: str, tmp_path: Path) -> dict[tuple[str, str], float]:
    """Values by (metric, language), from the workflow's own score file."""
    node = grid.targets[target]
    files = [Path(grid.paths.prediction("mini", 1, (), target, code)) for code in node.languages]
    score_cell(
        identities.scores(grid, target),
        study="tiny",
        cell={"base": "mini", "seed": "1", "chain": "none", "target": target},
        split="test",
        predictions=files,
        out=tmp_path / "scores.parquet",
    )
    rows = pq.read_table(tmp_path / "scores.parquet").to_pylist()
    return {(row["metric"], row["language"]): row["value"] for row in rows}


def test_which_targets_are_submitted(grid) -> None:
    assert submissions.submitted_targets(grid) == {
        "xnli": "xnli",
        "xquad": "xquad",
        "udpos": "udpos",
        "tatoeba": "tatoeba",
        "bucc2018": "bucc2018",
        "mewslix": "mewslix",
    }
    chains = [submission.chain for submission in submissions.all_submissions(grid)]
    assert chains == ["none", "mnli", "squad_v1~mnli"]
    assert submissions.manifests(grid)[2] == (
        "results/tiny/submission/mini/seed-1/squad_v1~mnli/manifest.json"
    )


def test_a_task_under_another_name_is_submitted_and_a_development_set_is_not(tmp_path) -> None:
    head = STUDY[: STUDY.index("targets:")]
    other = grid_of(tmp_path, head + "targets:\n  mine: {task: xnli}\n  also: {task: xnli}\n")
    assert submissions.submitted_targets(other) == {"xnli": "mine"}
    neither = grid_of(tmp_path, head + "targets:\n  xnli: {split: validation}\n")
    assert submissions.submitted_targets(neither) == {}
    assert submissions.manifests(neither) == []


def test_an_exported_folder_scores_as_the_workflow_does(grid, tmp_path) -> None:
    folder = submit(grid, submissions.all_submissions(grid)[0])
    assert folder == Path("results/tiny/submission/mini/seed-1/none")
    scores = score_folders(
        folder / "labels", folder / "predictions", detect_benchmark(folder / "labels")
    )
    assert {task: found.missing for task, found in scores.tasks.items()} == {
        task: [] for task in ("xnli", "udpos", "xquad", "tatoeba", "bucc2018", "mewslix")
    }
    compared = 0
    for task, found in scores.tasks.items():
        own = own_scores(grid, task, tmp_path)
        assert {language for _, language in own} == set(grid.targets[task].languages)
        for metric, values in found.metrics.items():
            for language, value in values.items():
                ours = own[metric.replace("@", "_at_"), language]
                assert value == pytest.approx(ours, abs=1e-9, rel=0), (task, metric)
                compared += 1
    # 3 x accuracy, 2 x (exact match, F1), 2 x (F1, precision, recall), accuracy, mAP
    assert compared == 3 + 4 + 6 + 1 + 1
    assert all(
        0 < value < 100
        for found in scores.tasks.values()
        for values in found.metrics.values()
        for value in values.values()
    )


def test_the_manifest_names_every_file_and_what_it_was_made_from(grid) -> None:
    folder = submit(grid, submissions.all_submissions(grid)[0])
    manifest = json.loads((folder / "manifest.json").read_text())
    on_disk = {p.relative_to(folder).as_posix() for p in folder.rglob("*.*") if p.is_file()}
    assert set(manifest["files"]) == on_disk - {"manifest.json"}
    assert "labels/xquad/test-qab.json" in on_disk
    inputs = manifest["identity"]["inputs"]
    assert inputs["predictions/mini/seed-1/none/xnli/qaa"] == "xnli-qaa"
    first = next(explain(grid, str(folder)))
    assert first == "submission/mini/seed-1/none: up to date."
    # another prediction makes another submission; files of removed tasks are deleted
    old = folder / "predictions/pawsx/test-en.tsv"
    old.parent.mkdir()
    old.write_text("0\n")
    before = manifest["id"]
    path = Path(grid.paths.prediction("mini", 1, (), "xnli", "qaa"))
    table = pq.read_table(path)
    metadata = json.loads(table.schema.metadata[b"xstilts"]) | {"id": "other"}
    pq.write_table(table.cast(with_metadata(table.schema, metadata)), path)
    assert any("xnli/qaa: xnli-qaa → other" in line for line in explain(grid, str(folder)))
    write_available(grid)
    assert json.loads((folder / "manifest.json").read_text())["id"] != before
    assert not old.exists()


def test_tatoeba_is_written_as_line_numbers_of_the_candidates(grid) -> None:
    folder = submit(grid, submissions.all_submissions(grid)[0])
    lines = (folder / "labels/tatoeba/test-qac.tsv").read_text().split()
    assert lines == [str(number) for number in range(25)]
    predictions = (folder / "predictions/tatoeba/test-qac.tsv").read_text().split()
    depth = layer_at(PROTOCOLS["recommended"].depth("retrieval"), NUM_LAYERS)
    rows = [row for row in predicted("tatoeba", "qac") if row["layer"] == depth]
    assert predictions == [row["prediction"].removeprefix("c") for row in rows]


@needs_shared
def test_tatoeba_has_the_lines_of_the_official_preprocessing(tmp_path) -> None:
    """Gold is the line in the foreign file, in the order of the sorted English side."""
    files = [SHARED / f"tatoeba/tatoeba.jav-eng.{side}" for side in ("jav", "eng")]
    rows = list(read_parallel(files, "jv"))
    data = write_data(tmp_path / "jv.parquet", "retrieval", rows)
    queries = [row for row in rows if row["side"] == "query"]
    table = [
        {"id": q["id"], "layer": 1, "gold": q["matches"], "prediction": "0", "score": 0.0}
        for q in queries
    ]
    schema = PREDICTION_SCHEMAS["retrieval"]
    metadata = dict.fromkeys(("model", "data", "versions", "seconds", "device"), "x")
    path = tmp_path / "p.parquet"
    pq.write_table(pa.Table.from_pylist(table, schema=with_metadata(schema, metadata)), path)
    labels, predictions = write_language(
        "tatoeba", "retrieval", "jv", path, layer=1, data=data, out=tmp_path
    )
    english = [line.strip() for line in files[1].read_text(encoding="utf-8").splitlines()]
    expected = [index for _, index in sorted(zip(english, range(len(english)), strict=True),
                                             key=lambda pair: pair[0])]  # fmt: skip
    assert labels.read_text() == "".join(f"{index}\n" for index in expected)
    assert predictions.read_text() == "0\n" * len(english)
    scores = score_folders(
        tmp_path / "labels",
        tmp_path / "predictions",
        Benchmark(name="one", tasks={"tatoeba": ("jv",)}),
    )
    assert scores.tasks["tatoeba"].metrics["accuracy"]["jv"] == pytest.approx(100 / len(english))


def test_choices_are_written_as_numbers(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = pa.schema([("id", pa.string()), ("gold", pa.int32()), ("prediction", pa.int32())])
    monkeypatch.setitem(PREDICTION_SCHEMAS, "multiple_choice", schema)
    metadata = dict.fromkeys(("model", "data", "versions", "seconds", "device"), "x")
    rows = [{"id": str(n), "gold": n % 2, "prediction": int(n == 1)} for n in range(4)]
    path = tmp_path / "p.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=with_metadata(schema, metadata)), path)
    _, written = write_language(
        "xcopa", "multiple_choice", "sw", path, layer=None, data=None, out=tmp_path
    )
    assert written.read_text() == '{"label": 0}\n{"label": 1}\n{"label": 0}\n{"label": 0}\n'
    one = Benchmark(name="one", tasks={"xcopa": ("sw",)})
    scores = score_folders(tmp_path / "labels", tmp_path / "predictions", one)
    assert scores.tasks["xcopa"].metrics == {"accuracy": {"sw": 75.0}}


def test_a_query_without_exactly_one_right_candidate_is_refused(grid) -> None:
    submit(grid, submissions.all_submissions(grid)[0])
    data = Path(grid.paths.data("tatoeba", "qac", "test")).with_suffix(".parquet")
    short = pq.read_table(data).slice(1)
    pq.write_table(short, data)
    with pytest.raises(
        UserError, match=r"tatoeba/qac\.parquet: query 'q0' has the right candidates"
    ):
        write_available(grid)


def test_the_command_writes_what_is_predicted(grid, capsys) -> None:
    submission = submissions.all_submissions(grid)[0]
    folder = submit(grid, submission)
    write_predictions(grid, "xnli", "qaa", ("mnli",))
    write_predictions(grid, "udpos", "qab", ("mnli",))
    study = os.fspath(Path("study.yaml"))
    assert main(["submission", "--configfile", study]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"{folder}: xnli, xquad, udpos, tatoeba, bucc2018, mewslix",
        f"{folder.with_name('mnli')}: udpos "
        "(not predicted: xnli, xquad, tatoeba, bucc2018, mewslix)",
        f"{folder.with_name('squad_v1~mnli')}: nothing "
        "(not predicted: xnli, xquad, udpos, tatoeba, bucc2018, mewslix)",
    ]
    # an incomplete folder is not a product
    assert (folder / "manifest.json").is_file()
    assert not (folder.with_name("mnli") / "manifest.json").exists()
    assert (folder.with_name("mnli") / "predictions/udpos/test-qab.tsv").is_file()


def test_a_study_without_test_sets_of_the_benchmark_is_an_error(tmp_path, capsys) -> None:
    text = STUDY[: STUDY.index("targets:")] + "targets:\n  xnli: {split: validation}\n"
    file = tmp_path / "study.yaml"
    file.write_text(text)
    assert main(["submission", "--configfile", str(file)]) == 2
    assert "none of xnli belongs in a submission" in capsys.readouterr().err


def test_a_truncated_prediction_file_is_named(grid) -> None:
    submission = submissions.all_submissions(grid)[0]
    submit(grid, submission)
    path = Path(grid.paths.prediction("mini", 1, (), "xnli", "qaa"))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"qaa\.parquet: not a Parquet file"):
        read_predictions(path, "classification")
    with pytest.raises(UserError, match=r"qaa\.parquet: damaged or truncated"):
        write_submission(
            submissions.identity(grid),
            predictions=submissions.prediction_files(grid, submission),
            data=submissions.candidate_data(grid),
            manifest=Path(submissions.manifest(grid, submission)),
        )
