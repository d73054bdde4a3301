"""The same models measured again: by another protocol, or on the sets that choices are made on.

A view has its own targets, ``TARGET@VIEW``, whose models are those of ``TARGET``; its scores and
tables are its own, so that two protocols, or dev and test, never meet in one average. Predictions
are shared where both protocols make the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.grid.decoding import decoding

if TYPE_CHECKING:
    from xstilts.grid.names import Names, TargetNode

CHOICE = "validation"
"""The view on which the best strategy of a target is chosen."""


def view_targets(names: Names) -> dict[str, TargetNode]:
    """The targets of all views but the study's own, by name."""
    found: dict[str, TargetNode] = {}
    study = names.study
    for index, protocol in enumerate(study.further_protocols):
        if protocol == study.protocol or protocol in study.further_protocols[:index]:
            where = names.lines.where(("further_protocols", index))
            raise UserError(f"{where}: {protocol!r} is named twice. Remove one.")
        for target, node in names.targets.items():
            name = f"{target}@{protocol}"
            own, other = (
                decoding(study, node.task, which, trained=bool(node.members))
                for which in (study.protocol, protocol)
            )
            found[name] = replace(
                node,
                name=name,
                view=protocol,
                protocol=protocol,
                predicted_as=target if own == other else name,
            )
    if study.choose_on:
        for target, node in names.targets.items():
            if languages := choice_languages(names, node):
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


def choice_languages(names: Names, node: TargetNode) -> tuple[str, ...]:
    """Languages in which a target has a set to choose on; none where that is the test set itself.

    XQuAD and Tatoeba have one set only, TyDiQA-GoldP's test set is its development set.
    """
    study, task = names.study, node.task
    files = task.files
    if node.split != "test" or files.get("validation", files["test"]) == files["test"]:
        return ()
    there = names.languages(task, "validation")
    languages = tuple(code for code in node.languages if code in there)
    if study.choose_on == "source" and study.source_language in languages:
        return (study.source_language,)
    return languages
