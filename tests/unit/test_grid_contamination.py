"""Evaluated text in pretraining text is refused unless the study admits it; cells are marked."""

from __future__ import annotations

from typing import Any

import pytest

from xstilts.config.study import Study
from xstilts.errors import UserError
from xstilts.grid.contamination import check_contamination, marks
from xstilts.grid.names import Names, parse_names
from xstilts.results.pivot import CONTAMINATED, Pivot, with_sign


class NoLines:
    """Lines of a study without a file."""

    def where(self, path: tuple[str | int, ...]) -> str:
        return ".".join(map(str, path))


def parsed(**keys: Any) -> tuple[Study, Names]:
    """A study with translation pairs of SIB-200's training sentences in one of two strategies."""
    study = Study.model_validate(
        {
            "study": "x",
            "data_root": "nowhere",
            "seeds": [1],
            "bases": {"xlmr": {"hub": "a/b"}},
            "strategies": {"none": [], "tlm": ["tlm@de"]},
            "text": [{"task": "sib200", "languages": ["en", "de"], "pairs": True}],
            "targets": {"sib200_pairs": {"languages": ["de", "kmb_Latn"]}},
        }
        | keys
    )
    return study, parse_names(study, NoLines(), files_must_exist=False)


def check(**keys: Any) -> dict[tuple[str, str, str], str]:
    study, names = parsed(**keys)
    check_contamination(study, NoLines(), names)
    return marks(study, names, "")


PAIRS = ("xlmr", "tlm", "sib200_pairs")
ARCHITECTURE = {"hidden_size": 8, "num_layers": 1, "num_heads": 1, "intermediate_size": 8}
PRETRAINED = {"xlmr": {"pretrain": {"architecture": ARCHITECTURE, "vocab_size": 300}}}
BELEBELE = {"belebele": {"languages": ["de"]}}


@pytest.mark.parametrize(
    ("keys", "target", "strategy"),
    [
        ({}, "sib200_pairs", "tlm"),
        # another task with text of the corpus, even in other languages
        ({"targets": {"belebele": {"languages": ["yo"]}}}, "belebele", "tlm"),
        ({"bases": PRETRAINED, "targets": BELEBELE}, "belebele", "none"),
        # the evaluated split itself, of a task without a shared corpus
        (
            {
                "text": [{"task": "xnli", "split": "test", "languages": ["de"]}],
                "strategies": {"none": [], "mlm": ["mlm@de"]},
                "targets": {"xnli": {"languages": ["de"]}},
            },
            "xnli",
            "mlm",
        ),
        # another split, which is read from the same file
        (
            {
                "text": [{"task": "tydiqa", "split": "validation", "languages": ["fi"]}],
                "strategies": {"none": [], "mlm": ["mlm@fi"]},
                "targets": {"tydiqa": {"languages": ["fi"]}},
            },
            "tydiqa",
            "mlm",
        ),
        # in the stage of the target
        (
            {
                "strategies": {"none": []},
                "targets": {"belebele": {"languages": ["de"], "train": ["cosmosqa", "tlm@de"]}},
            },
            "belebele",
            "none",
        ),
    ],
)
def test_evaluated_text_in_training_text_is_refused(
    keys: dict[str, Any], target: str, strategy: str
) -> None:
    with pytest.raises(UserError) as caught:
        check(**keys)
    message = str(caught.value)
    assert message.startswith("text.0: ")
    assert f"which the target {target} evaluates: the strategy {strategy!r} of xlmr" in message
    corpus = target if target in ("xnli", "tydiqa") else "flores200"
    assert f"set `known_contamination: [{corpus}]`" in message
    assert ("xlmr", strategy, target) in check(**keys, known_contamination=[corpus])


@pytest.mark.parametrize(
    "keys",
    [
        # other sentences of the same data set
        {"targets": {"sib200": {"languages": ["de"]}}},
        # a language whose text no stage uses
        {"strategies": {"none": [], "tlm": ["tlm@fr"]}},
        {"strategies": {"none": []}},
        {"targets": {"tatoeba": {"languages": ["de"]}}},
        {
            "text": [{"task": "xnli", "split": "test", "languages": ["fr"]}],
            "strategies": {"none": [], "mlm": ["mlm@fr"]},
            "targets": {"xnli": {"languages": ["de"]}},
        },
    ],
)
def test_other_text_is_accepted(keys: dict[str, Any]) -> None:
    assert check(**keys) == {}


def test_a_corpus_that_no_task_has_is_an_error() -> None:
    with pytest.raises(UserError, match=r"'flores' is not a known corpus .*mean 'flores200'"):
        check(known_contamination=["flores"])


def test_only_affected_cells_are_marked() -> None:
    assert check(known_contamination=["flores200"]) == {PAIRS: "flores200"}
    block = Pivot(
        title="xlmr", columns=("a", "b"), rows=(("none", ("1.0", "2.0")), ("tlm", ("3.0", "")))
    )
    signed = with_sign(block, CONTAMINATED, {("tlm", "a"), ("tlm", "b")})
    assert signed.rows == (("none", ("1.0", "2.0")), ("tlm", ("3.0 ‡", "")))
