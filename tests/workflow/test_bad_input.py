"""Invalid input gives one message before any training, and leaves no partial files."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from checkout import TINY, Checkout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.workflow


def real_study(checkout: Checkout, data: Path) -> None:
    """Point the tiny study at original files."""
    checkout.write_study(
        source="original",
        source_language="en",
        data_root=str(data),
        text=[{"task": "mnli", "languages": ["en"]}],
        targets={
            "xnli": {"languages": ["en"]},
            "xquad": {"languages": ["en"]},
            "udpos": {"languages": ["en"]},
        },
        recipes={"all": TINY["recipes"]["all"]},
    )


def conllu(number: int) -> str:
    """One sentence in CoNLL-U."""
    words = [("Dogs", "NOUN"), ("bark", "VERB"), (".", "PUNCT")]
    lines = [
        "\t".join([str(i), word, word, tag, "_", "_", "0", "root", "_", "_"])
        for i, (word, tag) in enumerate(words, start=1)
    ]
    return "\n".join([f"# sent_id = {number}", *lines]) + "\n\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small folder of valid original files, invented for the tests."""
    root = tmp_path / "data"
    labels = ["entailment", "neutral", "contradiction"]
    pairs = [(f"The cat number {i} sleeps.", f"Cat {i} rests.", labels[i % 3]) for i in range(30)]
    (root / "mnli").mkdir(parents=True)
    rows = "".join(
        f"{a}\t{b}\t{c.replace('contradiction', 'contradictory')}\n" for a, b, c in pairs
    )
    (root / "mnli/multinli.train.en.tsv").write_text("premise\thypo\tlabel\n" + rows)
    (root / "xnli").mkdir()
    test = "".join(f"{a}\t{b}\t{c}\n" for a, b, c in pairs)
    (root / "xnli/test-en.labelled.tsv").write_text(test)
    context = "Ada Lovelace wrote the first program in London."
    squad = {
        "version": "1.1",
        "data": [
            {
                "title": "t",
                "paragraphs": [
                    {
                        "context": context,
                        "qas": [
                            {
                                "id": f"q{i}",
                                "question": "Who wrote the first program?",
                                "answers": [{"text": "Ada Lovelace", "answer_start": 0}],
                            }
                            for i in range(4)
                        ],
                    }
                ],
            }
        ],
    }
    (root / "squad").mkdir()
    (root / "squad/train-v1.1.json").write_text(json.dumps(squad))
    (root / "xquad").mkdir()
    (root / "xquad/xquad.en.json").write_text(json.dumps(squad))
    treebank = root / "ud/UD_English-EWT"
    treebank.mkdir(parents=True)
    for split in ("train", "dev", "test"):
        (treebank / f"en_ewt-ud-{split}.conllu").write_text("".join(map(conllu, range(4))))
    return root


@pytest.mark.full
def test_the_invented_data_is_valid(fresh: Checkout, data: Path):
    real_study(fresh, data)
    run = fresh.snakemake("results/tiny/data/checked.json")
    assert run.code == 0, run.output


@pytest.mark.slow
def test_damaged_files_are_named_before_any_training(fresh: Checkout, data: Path):
    # other errors in files are covered by the tests of the readers
    damage: dict[str, tuple[Callable[[str], str], str]] = {
        "ud/UD_English-EWT/en_ewt-ud-train.conllu": (
            lambda text: text[: len(text) - 30],
            "en_ewt-ud-train.conllu:",
        ),
        "squad/train-v1.1.json": (
            lambda text: text.replace('"answer_start": 0', '"answer_start": 5', 1),
            "q0",
        ),
        "xquad/xquad.en.json": (lambda text: text[: len(text) // 2], "xquad.en.json:1: not valid"),
        "xnli/test-en.labelled.tsv": (
            lambda text: text.replace("neutral", "neutrall", 1),
            "test-en.labelled.tsv:2",
        ),
        "mnli/multinli.train.en.tsv": (lambda text: text.replace("\t", " ", 5), "en.tsv:"),
    }
    for file, (change, _) in damage.items():
        path = data / file
        path.write_text(change(path.read_text()))
    real_study(fresh, data)
    run = fresh.snakemake("target_models")
    assert run.code != 0, run.output
    assert not list(fresh.results.rglob("*.safetensors")), "trained despite bad input"
    for _, expected in damage.values():
        assert expected in run.output
    assert "Traceback" not in run.output


def test_a_dry_run_reports_errors_of_the_study_file(fresh: Checkout):
    fresh.write_study(targets={"xnlii": {}})
    run = fresh.snakemake("-n")
    assert run.code != 0
    assert "Did you mean 'xnli'?" in run.output
    assert "config.yaml:" in run.output


@pytest.mark.slow
def test_a_dry_run_reports_a_missing_folder_and_a_missing_file(fresh: Checkout, data: Path):
    real_study(fresh, data / "nowhere")
    assert "nowhere" in fresh.snakemake("-n").output
    shutil.rmtree(data / "xquad")
    real_study(fresh, data)
    run = fresh.snakemake("-n")
    assert run.code != 0
    assert "xquad" in run.output


@pytest.mark.slow
def test_two_strategies_of_the_same_name(fresh: Checkout):
    fresh.write_study()
    path = fresh.folder / "config.yaml"
    path.write_text(path.read_text().replace("  none: []", "  mnli: []\n  none: []"))
    run = fresh.snakemake("-n")
    assert "strategies has the key 'mnli' twice" in run.output


def test_a_missing_checkpoint_folder(fresh: Checkout):
    fresh.write_study(bases={"mine": {"path": "no/such/model"}})
    run = fresh.snakemake("-n")
    assert run.code != 0
    assert "no/such/model" in run.output
    assert TINY["study"] == "tiny"


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(LAUGHS.encode(), ":6: more than 200,000 values", id="aliases"),
        *(
            pytest.param(content, expected, id=name, marks=pytest.mark.full)
            for name, content, expected in (
                ("nested", b"study: " + b"[" * 100_000, ":1: more than 40 lists"),
                ("UTF-16", "study: x\n".encode("utf-16"), ":1: not UTF-8 but UTF-16"),
                ("recursion", b"study: &a {b: *a}\n", ":1: an alias"),
                ("code", b"__use_yte__: true\nstudy: x\n", ":1: __use_yte__ makes Snakemake run"),
            )
        ),
    ],
)
def test_a_hostile_default_study_is_one_message(fresh: Checkout, content: bytes, expected: str):
    (fresh.folder / "config.yaml").write_bytes(content)
    run = fresh.snakemake("-n")
    assert run.code != 0
    assert f"config.yaml{expected}" in run.output
    assert "Traceback" not in run.output
    assert len(run.output.splitlines()) < 6
