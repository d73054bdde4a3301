"""References for a score: chance, the majority class, and the share of the commonest prediction.

They are result rows of their own, never the main metric.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from xstilts.kinds import Kind

CHANCE, MAJORITY, COMMONEST = "chance", "majority", "most_frequent_prediction"


def trivial_metrics(kind: Kind, predictions: pa.Table) -> dict[str, float]:
    """References for one language, 0-100; empty for kinds without any.

    ``chance``: expected accuracy of guessing (for retrieval, among as many candidates as queries);
    ``majority``: accuracy of the most frequent gold answer; ``most_frequent_prediction``: share of
    the examples with the most frequent prediction.

    Args:
        kind: kind of the task.
        predictions: in the schema of the kind, at least one row.
    """
    if kind == "retrieval":
        return {CHANCE: 100.0 / len(set(predictions["id"].to_pylist()))}
    if kind not in ("classification", "multiple_choice"):
        return {}
    gold, predicted = predictions["gold"].to_pylist(), predictions["prediction"].to_pylist()
    choices = [len(row) for row in predictions["probabilities"].to_pylist()]
    return {
        CHANCE: 100.0 * sum(1 / count for count in choices) / len(choices),
        MAJORITY: _share_of_commonest(gold),
        COMMONEST: _share_of_commonest(predicted),
    }


def _share_of_commonest(answers: list[object]) -> float:
    ((_, most),) = Counter(answers).most_common(1)
    return 100.0 * most / len(answers)
