"""SQuAD's JSON as labels, ``{id: answer}`` as predictions: XQuAD and TyDiQA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.files import write_json
from xstilts.metrics.spans import normalise, squad_scores
from xstilts.submission.formats.examples import Examples
from xstilts.submission.text import check_keys, line_of, load_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.metrics.spans import Normalise
    from xstilts.submission.benchmarks import TaskSpec
    from xstilts.submission.text import Missing

SUFFIX = "json"


def read(labels: Path, predictions: Path, spec: TaskSpec, missing: Missing) -> Examples:
    """Gold answers and predicted text of each question, in the order of the label file.

    The text is None for a question without a prediction.

    Raises:
        UserError: not JSON of this form, a question without gold answer, or different ids in gold
            and predictions.
    """
    repeated: list[str] = []
    found = load_json(predictions, repeated)
    if not isinstance(found, dict):
        raise UserError(f"{predictions}:1: not an object. Write {{id: answer, ...}}.")
    for example, text in found.items():
        if not isinstance(text, str):
            raise UserError(
                f"{line_of(predictions, example)}: the answer to {example!r} is {text!r}, not "
                'text. Write "" for no answer.'
            )
    questions = list(_questions(labels))
    ids = [example for example, _ in questions]
    if not ids:
        raise UserError(f"{labels}: no question in it. Fetch the label file again.")
    absent = check_keys(labels, predictions, ids, found, missing)
    warnings = [f"{predictions}: id {key!r} occurs twice; the last one counts" for key in repeated]
    if len(set(ids)) < len(ids):
        warnings.append(f"{labels}: {len(ids) - len(set(ids))} questions have the id of another")
    return Examples(
        gold=[answers for _, answers in questions],
        predictions=[found.get(example) for example in ids],
        ids=ids,
        missing=absent,
        warnings=warnings,
    )


def _questions(labels: Path) -> Iterator[tuple[str, list[str]]]:
    """(id, right answers) of each question of a label file."""
    content = load_json(labels)
    example = None
    try:
        for article in content["data"] if isinstance(content, dict) else content:
            for paragraph in article["paragraphs"]:
                for question in paragraph["qas"]:
                    example = question["id"]
                    answers = [str(answer["text"]) for answer in question["answers"]]
                    if not answers:
                        raise UserError(
                            f"{line_of(labels, example)}: question {example!r} has no gold answer. "
                            "Fetch the label file again."
                        )
                    yield example, answers
    except (KeyError, TypeError) as error:
        where = f"{line_of(labels, example)}: after question {example!r}" if example else labels
        raise UserError(
            f"{where}: not SQuAD's form ({type(error).__name__}: {error}). It needs data, "
            "paragraphs, qas, id, answers and text."
        ) from None


def score(examples: Examples, spec: TaskSpec, language: str) -> dict[str, float]:
    """``exact_match`` and ``f1``, 0-100."""
    return answer_scores(examples, normalise)


def answer_scores(examples: Examples, rules: Normalise) -> dict[str, float]:
    """Return the scores over all questions; those without a prediction score 0.

    Even if the gold answer normalises to nothing, as an empty prediction would.
    """
    pairs = zip(examples.gold, examples.predictions, strict=True)
    answered = [(gold, text) for gold, text in pairs if text is not None]
    if not answered:
        return {"exact_match": 0.0, "f1": 0.0}
    exact_match, f1 = squad_scores(
        [gold for gold, _ in answered], [text for _, text in answered], rules
    )
    share = len(answered) / examples.num_examples
    return {"exact_match": exact_match * share, "f1": f1 * share}


def trivial_baselines(examples: Examples, spec: TaskSpec) -> dict[str, float]:
    """Empty: neither is defined for free text."""
    return {}


def units(answers: Sequence[Any]) -> Sequence[Any]:
    """The answers; all gold answers of a question count as one."""
    return [tuple(answer) if isinstance(answer, list) else answer for answer in answers]


def write(examples: Examples, labels: Path, predictions: Path) -> None:
    """Write both files: labels in SQuAD's form, each question in a paragraph without context."""
    questions = [
        {
            "id": example,
            "question": "",
            "answers": [{"answer_start": 0, "text": text} for text in answers],
        }
        for example, answers in zip(examples.ids, examples.gold, strict=True)
    ]
    paragraphs = [{"context": "", "qas": [question]} for question in questions]
    write_json(labels, {"version": "1.1", "data": [{"title": "", "paragraphs": paragraphs}]})
    write_json(predictions, dict(zip(examples.ids, examples.predictions, strict=True)))
