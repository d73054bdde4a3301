"""``{mention: [entities]}``, the best first: Mewsli-X."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.files import write_json
from xstilts.metrics.ranks import mean_average_precision
from xstilts.submission.formats.examples import Examples
from xstilts.submission.text import check_keys, line_of, load_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xstilts.submission.benchmarks import TaskSpec
    from xstilts.submission.text import Missing

SUFFIX = "json"
DEPTH = 20
"""Number of candidates that count."""


def read(labels: Path, predictions: Path, spec: TaskSpec, missing: Missing) -> Examples:
    """Gold entities and ranked candidates of each mention, in the order of the label file.

    A mention without a prediction has no candidates.

    Raises:
        UserError: not JSON of this form, a mention without gold entity, or different ids in gold
            and predictions.
    """
    repeated: list[str] = []
    gold, found = _lists(labels, repeated), _lists(predictions, repeated)
    if not gold:
        raise UserError(f"{labels}: no mention in it. Fetch the label file again.")
    absent = check_keys(labels, predictions, list(gold), found, missing)
    for example, entities in gold.items():
        if not entities:
            raise UserError(
                f"{line_of(labels, example)}: mention {example!r} has no gold entity. Fetch the "
                "label file again."
            )
    warnings = [f"id {key!r} occurs twice; the last one counts" for key in repeated]
    return Examples(
        gold=list(gold.values()),
        predictions=[found.get(example, []) for example in gold],
        missing=absent,
        warnings=warnings,
    )


def _lists(path: Path, repeated: list[str]) -> dict[str, list[str]]:
    content = load_json(path, repeated)
    if not isinstance(content, dict):
        raise UserError(f"{path}:1: not an object. Write {{id: [entity, ...], ...}}.")
    for example, entities in content.items():
        if not isinstance(entities, list) or not all(isinstance(e, str) for e in entities):
            raise UserError(
                f"{line_of(path, example)}: {example!r} has {entities!r:.60}, not a list of "
                "entity ids. Write the best first, at most 20 count."
            )
    return content


def score(examples: Examples, spec: TaskSpec, language: str) -> dict[str, float]:
    """``map@20``, 0-100."""
    return {
        f"map@{DEPTH}": mean_average_precision(examples.gold, examples.predictions, DEPTH),
    }


def trivial_baselines(examples: Examples, spec: TaskSpec) -> dict[str, float]:
    """Empty: the files do not contain the number of candidates."""
    return {}


def units(answers: Sequence[Sequence[Any]]) -> Sequence[Any]:
    """The first entity of each mention."""
    return [answer[0] if answer else "" for answer in answers]


def write(examples: Examples, labels: Path, predictions: Path) -> None:
    """Write both files, in the order of the examples."""
    write_json(labels, dict(zip(examples.ids, examples.gold, strict=True)))
    write_json(predictions, dict(zip(examples.ids, examples.predictions, strict=True)))
