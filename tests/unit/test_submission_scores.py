"""Scores of submission folders: the official numbers, averages and dictionaries."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from statistics import fmean

import pytest
from engine_world import SHARED, needs_shared
from submission_files import GOOD, benchmark, squad, write_good, write_part

from xstilts.cli import main
from xstilts.errors import UserError
from xstilts.submission.benchmarks import BENCHMARKS, SPECS, Benchmark
from xstilts.submission.layout import detect_benchmark
from xstilts.submission.present import as_json, as_text
from xstilts.submission.score import score_folders

MOCK = SHARED / "xtreme_mock_test_data"
# google-research/xtreme evaluate_test.py; udpos with the rules of seqeval 0.0.12
GOLDEN = {
    "pawsx": {"accuracy": 51.42857142857143},
    "xnli": {"accuracy": 30.666666666666668},
    "panx": {
        "f1": 57.50793650793652,
        "precision": 54.729166666666664,
        "recall": 62.750000000000014,
    },
    "udpos": {"f1": 70.21746048354693, "precision": 71.02232625883823, "recall": 69.54982073976082},
    "bucc2018": {"f1": 55.0, "precision": 55.0, "recall": 55.0},
    "tatoeba": {"accuracy": 53.611111111111114},
    "xquad": {"exact_match": 77.27272727272727, "f1": 79.9586776859504},
    "mlqa": {"exact_match": 57.142857142857146, "f1": 81.76870748299321},
    "tydiqa": {"exact_match": 88.88888888888889, "f1": 97.22222222222223},
}
MEWSLIX = {"map@20": 14.39025156130419}
HEADLINES = {
    task: fmean(values.values()) if "exact_match" in values else next(iter(values.values()))
    for task, values in (GOLDEN | {"mewslix": MEWSLIX}).items()
}


def near(value: float) -> object:
    return pytest.approx(value, abs=1e-9, rel=0)


@needs_shared
def test_the_official_mock_submission() -> None:
    scores = score_folders(MOCK / "labels", MOCK / "predictions", BENCHMARKS["xtreme"])
    result = as_json(scores)
    assert set(result["tasks"]) == set(GOLDEN)
    for task, metrics in GOLDEN.items():
        found = result["tasks"][task]
        languages = BENCHMARKS["xtreme"].tasks[task]
        assert set(found) == {*metrics, *(f"avg_{metric}" for metric in metrics), "avg_metric"}
        for metric, value in metrics.items():
            assert found[f"avg_{metric}"] == near(value)
            assert tuple(found[metric]) == languages
            assert fmean(found[metric].values()) == near(value)
        assert found["avg_metric"] == near(HEADLINES[task])
    assert result["overall"] == {
        "all_task": near(fmean(HEADLINES[task] for task in GOLDEN)),
        "classification": near(fmean([HEADLINES["pawsx"], HEADLINES["xnli"]])),
        "tagging": near(fmean([HEADLINES["udpos"], HEADLINES["panx"]])),
        "qa": near(fmean([HEADLINES["xquad"], HEADLINES["mlqa"], HEADLINES["tydiqa"]])),
        "retrieval": near(fmean([HEADLINES["bucc2018"], HEADLINES["tatoeba"]])),
    }
    assert result["xstilts"]["missing_tasks"] == {}
    assert result["xstilts"]["warnings"] == []


def xtreme_r_folder(folder: Path) -> tuple[Path, Path]:
    """The mock files, with German for the languages that XTREME-R added, and an XCOPA."""
    shutil.copytree(MOCK, folder)
    for part in ("labels", "predictions"):
        for task, languages in BENCHMARKS["xtreme-r"].tasks.items():
            for language in languages:
                suffix = {"xcopa": "jsonl", "mewslix": "json"}.get(task)
                suffix = suffix or ("json" if "answers" in SPECS[task].format else "tsv")
                file = folder / part / task / f"test-{language}.{suffix}"
                if task == "xcopa":
                    texts = {"labels": '{"label": 1}\n' * 4, "predictions": '{"label": 1}\n' * 3}
                    text = texts[part] + ('{"label": 0}\n' if part == "predictions" else "")
                    write_part(folder, part, {f"xcopa/{file.name}": text})
                elif not file.exists():
                    shutil.copy(file.with_name(f"test-de.{suffix}"), file)
    return folder / "labels", folder / "predictions"


@needs_shared
def test_the_overall_score_of_xtreme_r_is_the_mean_of_its_tasks_without_lareqa(tmp_path) -> None:
    scores = score_folders(*xtreme_r_folder(tmp_path / "mock"), BENCHMARKS["xtreme-r"])
    result = as_json(scores)
    tasks = result["tasks"]
    assert set(tasks) == set("xnli xcopa udpos panx xquad mlqa tydiqa tatoeba mewslix".split())
    means = {task: found["avg_metric"] for task, found in tasks.items()}
    assert means["mewslix"] == near(MEWSLIX["map@20"])
    assert means["xcopa"] == near(75.0)
    assert means["xnli"] == near(HEADLINES["xnli"])
    # the languages of XTREME score as in XTREME
    xtreme = BENCHMARKS["xtreme"].tasks
    for task in ("udpos", "panx"):
        old = fmean(tasks[task]["f1"][language] for language in xtreme[task])
        assert old == near(HEADLINES[task])
    assert result["overall"] == {
        "all_task": near(fmean(means.values())),
        "classification": near(fmean([means["xnli"], means["xcopa"]])),
        "tagging": near(fmean([means["udpos"], means["panx"]])),
        "qa": near(fmean([means["xquad"], means["mlqa"], means["tydiqa"]])),
        "retrieval": near(fmean([means["tatoeba"], means["mewslix"]])),
        "multi_choice": near(means["xcopa"]),
    }


@needs_shared
def test_the_command_prints_and_writes_the_scores(tmp_path, capsys) -> None:
    out = tmp_path / "scores.json"
    folders = [str(MOCK / "labels"), str(MOCK / "predictions")]
    assert main(["score", *folders, "--json", str(out)]) == 0
    text = capsys.readouterr().out
    assert "all_task           62.17" in text
    assert "udpos        70.22" in text
    assert json.loads(out.read_text())["overall"]["all_task"] == near(
        fmean(HEADLINES[task] for task in GOLDEN)
    )
    assert main(["score", *folders, "--benchmark", "xtreme-r"]) == 2
    assert "test-lt.tsv: no such file; 5 of the 38 languages of udpos" in capsys.readouterr().err
    assert main(["score", *folders, "--benchmark", "xtreme-r", "--partial"]) == 0
    text = capsys.readouterr().out
    assert "all_task               -" in text
    assert "qa                     -" in text
    assert "classification         -" in text
    assert "xcopa      missing  no labels and no predictions" in text


# --- small folders ------------------------------------------------------------------------------

EXPECTED = {
    "xnli": {"accuracy": 200 / 3},
    "panx": {"f1": 200 / 3, "precision": 100.0, "recall": 50.0},
    # q1: "a cat" is "cat"; q2: 2 x 1/2 x 1 / 1.5
    "xquad": {"exact_match": 50.0, "f1": 100 * (1 + 2 / 3) / 2},
    # MLQA deletes the dollar sign, SQuAD as well, and "the"
    "mlqa": {"exact_match": 100.0, "f1": 100.0},
    "tatoeba": {"accuracy": 100 / 3},
    "bucc2018": {"f1": 50.0, "precision": 50.0, "recall": 50.0},
    "mewslix": {"map@20": 25.0},
    "xcopa": {"accuracy": 50.0},
}


def test_every_format(tmp_path) -> None:
    scores = score_folders(*write_good(tmp_path), benchmark(*EXPECTED))
    found = as_json(scores)["tasks"]
    for task, metrics in EXPECTED.items():
        for metric, value in metrics.items():
            assert found[task][metric] == {"en": near(value)}, (task, metric)
            assert found[task][f"avg_{metric}"] == near(value)
    assert scores.warnings == []


MISSING = {
    # r: "a" normalises to nothing, so that an empty answer would be an exact match
    "xquad": (squad({"q": ["a cat"], "r": ["a"], "s": ["x y"]}), '{"q": "cat", "s": "x"}'),
    "mlqa": (squad({"q": ["un perro"], "r": ["x"]}), '{"r": "x"}'),
    "tydiqa": (squad({"q": ["x"], "r": ["y"]}), "{}"),
    "mewslix": ('{"m": ["Q1"], "n": ["Q2"], "o": ["Q3"]}', '{"n": ["Q1", "Q2"]}'),
    "bucc2018": ("de-1\ten-1\nde-2\ten-2\n", "\n"),
}


def test_missing_answers_count_as_wrong_on_demand_as_in_the_official_scripts(tmp_path) -> None:
    """By hand from the official definitions; ``evaluate.py`` printed the same numbers."""
    folders = [
        write_part(
            tmp_path,
            part,
            {
                f"{task}/test-es.{'tsv' if task == 'bucc2018' else 'json'}": files[side]
                for task, files in MISSING.items()
            },
        )
        for side, part in enumerate(("labels", "predictions"))
    ]
    found = benchmark(*MISSING, language="es")
    with pytest.raises(UserError, match=r"no prediction for id 'r' .*or give --missing wrong"):
        score_folders(*folders, found)
    scores = score_folders(*folders, found, missing="wrong")
    values = {task: task_scores.metrics for task, task_scores in scores.tasks.items()}
    assert values == {
        "xquad": {"exact_match": {"es": near(100 / 3)}, "f1": {"es": near(100 * (1 + 2 / 3) / 3)}},
        "mlqa": {"exact_match": {"es": 50.0}, "f1": {"es": 50.0}},
        "tydiqa": {"exact_match": {"es": 0.0}, "f1": {"es": 0.0}},
        "mewslix": {"map@20": {"es": near(50 / 3)}},
        "bucc2018": {"f1": {"es": 0.0}, "precision": {"es": 0.0}, "recall": {"es": 0.0}},
    }
    result = as_json(scores)
    assert result["xstilts"]["unanswered"] == {
        "xquad": {"es": 1}, "mlqa": {"es": 1}, "tydiqa": {"es": 2}, "mewslix": {"es": 2},
    }  # fmt: skip
    text = "\n".join(as_text(scores))
    assert "mewslix es: 2 of 3 examples have no prediction and count as wrong" in text


def test_trivial_baselines_are_shown_with_the_scores(tmp_path) -> None:
    found = as_json(score_folders(*write_good(tmp_path), benchmark(*EXPECTED)))["xstilts"]
    assert found["trivial_baselines"]["xnli"] == {
        "chance": {"en": near(100 / 3)},
        "majority": {"en": near(200 / 3)},
        "avg_chance": near(100 / 3),
        "avg_majority": near(200 / 3),
    }
    assert found["trivial_baselines"]["tatoeba"]["chance"] == {"en": near(100 / 3)}
    assert found["trivial_baselines"]["xcopa"]["avg_chance"] == 50.0
    # one tag is as frequent as another; the first, B-PER, everywhere has no chunk right
    assert found["trivial_baselines"]["panx"]["majority"] == {"en": 0.0}
    assert "xquad" not in found["trivial_baselines"]


def test_a_group_needs_all_of_its_tasks_and_the_missing_ones_are_listed(tmp_path) -> None:
    labels, predictions = write_good(tmp_path)
    shutil.rmtree(predictions / "xnli")
    both = Benchmark(
        name="small",
        tasks={"xnli": ("en",), "tatoeba": ("en",), "xcopa": ("en",)},
        groups={"sentences": ("xnli", "tatoeba"), "choices": ("xcopa",)},
    )
    scores = score_folders(labels, predictions, both)
    assert scores.overall() == {"choices": 50.0}
    assert scores.missing_tasks == {"xnli": "no predictions"}
    text = "\n".join(as_text(scores))
    assert "sentences              -" in text
    assert "xnli       missing  no predictions" in text


def test_a_task_without_all_languages_is_scored_only_on_demand(tmp_path) -> None:
    labels, predictions = write_good(tmp_path)
    two = Benchmark(
        name="small", tasks={"xnli": ("en", "sw")}, groups={"classification": ("xnli",)}
    )
    with pytest.raises(UserError, match=r"predictions/xnli/test-sw\.tsv: no such file; 1 of the 2"):
        score_folders(labels, predictions, two)
    scores = score_folders(labels, predictions, two, partial=True)
    result = as_json(scores)
    # no average over some languages under an official name
    assert result["tasks"] == {"xnli": {"accuracy": {"en": near(200 / 3)}}}
    assert result["overall"] == {}
    assert result["xstilts"]["missing_languages"] == {"xnli": ["sw"]}
    assert any("1 of 2 languages" in line for line in as_text(scores))


def test_a_folder_can_be_scored_without_a_benchmark(tmp_path) -> None:
    labels, predictions = write_good(tmp_path)
    write_part(tmp_path, "labels", {"xnli/test-qaa.tsv": "neutral\n"})
    write_part(tmp_path, "predictions", {"xnli/test-qaa.tsv": "neutral\n"})
    found = detect_benchmark(labels)
    assert found.tasks["xnli"] == ("en", "qaa")
    assert set(found.tasks) == {name.partition("/")[0] for name in GOOD}
    scores = score_folders(labels, predictions, found)
    assert scores.tasks["xnli"].metrics["accuracy"] == {"en": near(200 / 3), "qaa": 100.0}
    assert scores.overall() == {}


def test_other_forms_that_the_official_script_accepts(tmp_path) -> None:
    bare = json.dumps(json.loads(squad({"q": ["x"]}))["data"])
    folders = write_good(
        tmp_path,
        # labels without the key data
        xquad=(bare, '{"q": "x"}'),
        # white space around labels, and Windows' line ends
        xnli=(" neutral\r\nneutral \r\n", "neutral\nneutral\n"),
        # a file that ends in a blank line, and an empty sentence in both files
        panx=("B-PER\n\n\nO\n\n", "B-PER\n\n\nO\n"),
        # pairs count once
        bucc2018=("de-1\ten-1\nde-2\ten-2\n", "de-1\ten-1\nde-1\ten-1\n"),
        # only twenty candidates count
        mewslix=('{"m": ["Q1"]}', json.dumps({"m": [*map(str, range(20)), "Q1"]})),
    )
    tasks = ("xquad", "xnli", "panx", "bucc2018", "mewslix")
    scores = score_folders(*folders, benchmark(*tasks))
    headlines = {task: found.averages()["avg_metric"] for task, found in scores.tasks.items()}
    assert headlines == {
        "xquad": 100.0,
        "xnli": 100.0,
        "panx": 100.0,
        "bucc2018": near(200 / 3),
        "mewslix": 0.0,
    }
    assert scores.tasks["bucc2018"].metrics["precision"] == {"en": 100.0}
    assert [(warned.task, "occur twice" in warned.message) for warned in scores.warnings] == [
        ("bucc2018", True)
    ]
