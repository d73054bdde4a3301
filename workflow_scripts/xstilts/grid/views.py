"""The same models measured again: by another protocol, or on the sets that choices are made on.

A view has its own targets, ``TARGET@VIEW``, whose models are those of ``TARGET``; its scores and
tables are its own, so that two protocols, or dev and test, never meet in one average. Predictions
are shared where both protocols make the same.
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
"""The view on which the best strategy of a target is chosen."""


def view_targets(coverage: Coverage, own: Mapping[str, TargetNode]) -> dict[str, TargetNode]:
    """The targets of all views but the study's own, by name.

    Args:
        coverage: what the study's source has.
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
            found[name] = replace(
                node,
                name=name,
                view=protocol,
                protocol=protocol,
                predicted_as=target if usual == other else name,
            )
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
    """Languages in which a target has a set to choose on; none where that is the test set itself.

    XQuAD and Tatoeba have one set only, TyDiQA-GoldP's test set is its development set.
    """
    study, task = coverage.study, node.task
    files = task.files
    if node.split != "test" or files.get("validation", files["test"]) == files["test"]:
        return ()
    there = coverage.languages(task, "validation")
    languages = tuple(code for code in node.languages if code in there)
    if study.choose_on == "source" and study.source_language in languages:
        return (study.source_language,)
    return languages
