"""Scores of mined pairs above a threshold that was chosen on another set or the same one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xstilts.errors import UserError
from xstilts.metrics.checks import invalid, require_rows
from xstilts.metrics.pairs import Pair, best_threshold, pair_scores

if TYPE_CHECKING:
    import pyarrow as pa

EVALUATED, TUNING = "evaluated", "tuning"


class Mined(NamedTuple):
    """Pairs mined from one set of sentences, and the right ones."""

    scores: dict[Pair, float]
    gold: set[Pair]

    def kept(self, threshold: float) -> list[Pair]:
        """The pairs whose score reaches the threshold."""
        return [pair for pair, score in self.scores.items() if score >= threshold]

    def above(self, threshold: float) -> dict[str, float]:
        """F1, precision and recall of the pairs whose score reaches the threshold."""
        found = pair_scores(self.gold, self.kept(threshold))
        return {"f1": found.f1, "precision": found.precision, "recall": found.recall}


def score(predictions: pa.Table, layer: int) -> dict[str, float]:
    """``f1``, ``precision`` and ``recall`` of the evaluated pairs, 0-100.

    With the suffix ``_oracle`` the threshold is the best one for the evaluated pairs themselves, as
    jiant reports for its development set: not a result on unseen data. Without it the threshold
    is chosen on the tuning pairs; these metrics exist only if there are tuning pairs.

    Args:
        predictions: columns of the schema "mining".
        layer: the layer that the protocol prescribes.

    Raises:
        UserError: no rows, another layer, a pair that occurs twice, no gold pair at all.
    """
    evaluated, tuning = mined_pairs(predictions, layer)
    oracle = evaluated.above(best_threshold(evaluated.scores, evaluated.gold))
    scores_of = {f"{name}_oracle": value for name, value in oracle.items()}
    if tuning.gold:
        scores_of |= evaluated.above(best_threshold(tuning.scores, tuning.gold))
    return scores_of


def mined_pairs(predictions: pa.Table, layer: int) -> tuple[Mined, Mined]:
    """The evaluated pairs and the tuning pairs, which may be empty.

    Args:
        predictions: columns of the schema "mining".
        layer: the layer that the protocol prescribes.

    Raises:
        UserError: no rows, another layer, a pair that occurs twice, no gold pair at all.
    """
    require_rows(predictions.num_rows)
    layers = sorted(set(predictions["layer"].to_pylist()))
    if layers != [layer]:
        raise UserError(
            f"pairs mined at layer {', '.join(map(str, layers))}, but the protocol prescribes "
            f"{layer}. Predict again."
        )
    parts = {EVALUATED: Mined({}, set()), TUNING: Mined({}, set())}
    names = ("part", "id", "gold", "prediction", "score")
    columns = (predictions[name].to_pylist() for name in names)
    for part, query, right, found, value in zip(*columns, strict=True):
        scores, gold = parts[part]
        gold |= {(query, candidate) for candidate in right}
        if found is not None:
            if (query, found) in scores:
                raise invalid(query, f"the pair with {found!r} occurs twice")
            scores[query, found] = value
    evaluated, tuning = parts[EVALUATED], parts[TUNING]
    for part, mined in parts.items():
        if not mined.gold and (part == EVALUATED or mined.scores):
            raise UserError(f"no gold pairs of the part {part!r}. Check the gold file of the data.")
    return evaluated, tuning
