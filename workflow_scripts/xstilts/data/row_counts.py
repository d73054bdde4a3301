"""Numbers of examples read, compared with those that a task states for its release.

A difference is a remark, never an error: people read parts of a release, and versions differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xstilts.kinds import Split
    from xstilts.tasks.base import Task

NO_CAUSE = "a part of the release, or another version"


def row_count_facts(
    task: Task, language: str, split: Split, source: Mapping[str, Any], facts: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a manifest says of a data set's size: ``expected_rows`` and ``remark``.

    Args:
        task: the task, with the sizes that its release has.
        language: language of the data set.
        split: its split.
        source: source in its identity.
        facts: ``rows``, and ``queries`` for kinds with queries and candidates, of which the
            queries are the examples.

    Returns:
        Both keys if the number differs, ``expected_rows`` (a number, or minimum and maximum) if
        it is the stated one, nothing if the task states none.
    """
    expected = task.size(language, split)
    if expected is None or language not in task.languages or "microworld" in source:
        return {}
    found = facts.get("queries", facts["rows"])
    low, high = expected if isinstance(expected, tuple) else (expected, expected)
    stated = [low, high] if low < high else low
    if low <= found <= high:
        return {"expected_rows": stated}
    known = task.hub.differs if "hub" in source and task.hub else task.differs
    where = f"{task.name} ({split}) in {language}"
    remark = f"{where}: {of_expected(found, stated)} examples ({known or NO_CAUSE})"
    return {"expected_rows": stated, "remark": remark, "cause": known or NO_CAUSE}


def of_expected(found: int, expected: int | list[int]) -> str:
    """Return ``3,000 of 392,702``, or ``50 of 100 to 10,000``."""
    numbers = expected if isinstance(expected, list) else [expected]
    return f"{found:,} of {' to '.join(f'{number:,}' for number in numbers)}"


def summarised(found: Iterable[tuple[str, str, str, Mapping[str, Any]]]) -> list[str]:
    """Return one remark per task, split, number and cause, with its languages.

    Args:
        found: (task, language, split, facts of the manifest) of each data set, those without a
            remark included.
    """
    languages: dict[tuple[str, ...], list[str]] = {}
    for task, language, split, facts in found:
        if "remark" in facts:
            count = of_expected(facts.get("queries", facts["rows"]), facts["expected_rows"])
            key = (f"{task} ({split}", count, facts["cause"])
            languages.setdefault(key, []).append(language)
    return [
        f"{what}, {' '.join(codes)}): {count} examples ({cause})"
        for (what, count, cause), codes in languages.items()
    ]
