"""Views: the same models evaluated by another protocol, or on the development sets.

A view has its own targets, ``TARGET@VIEW``, with the models of ``TARGET``, and its own scores and
tables, so that no average mixes two protocols, or dev and test. Predictions are shared between
protocols if they are equal.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xstilts.grid.decoding import decoding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xstilts.grid.coverage import Coverage
    from xstilts.grid.nodes import TargetNode

CHOICE = "validation"
"""The view used to choose the best strategy of a target."""


def view_targets(coverage: Coverage, own: Mapping[str, TargetNode]) -> dict[str, TargetNode]:
    """Return the targets of all views except the study's own, by name.

    Args:
        coverage: data sets of the study's source.
        own: the study's own targets by name.
    """
    found: dict[str, TargetNode] = {}
    study = coverage.study
    for protocol in study.further_protocols:
        for target, node in own.items():
            name = f"{target}@{protocol}"
            usual, other = (
                decoding(study, node.task, which, trained=bool(node.members))
                for which in (study.protocol, protocol)
            )
            again = replace(node, name=name, view=protocol, protocol=protocol, predicted_as=name)
            shared = usual == other and again.prefixed == node.prefixed
            found[name] = replace(again, predicted_as=target) if shared else again
    if study.choose_on:
        for target, node in own.items():
            if languages := choice_languages(coverage, node):
                name = f"{target}@{CHOICE}"
                found[name] = replace(
                    node,
                    name=name,
                    view=CHOICE,
                    split="validation",
                    languages=languages,
                    predicted_as=name,
                )
    return found


def choice_languages(coverage: Coverage, node: TargetNode) -> tuple[str, ...]:
    """Return the languages with a development set for a target; none if it is the test set.

    XQuAD and Tatoeba have a single set; TyDiQA-GoldP's test set is its development set.
    """
    study, task = coverage.study, node.task
    files = task.files
    if node.split != "test" or files.get("validation", files["test"]) == files["test"]:
        return ()
    covered = coverage.languages(task, "validation")
    languages = tuple(code for code in node.languages if code in covered)
    if study.choose_on == "source" and study.source_language in languages:
        return (study.source_language,)
    return languages
