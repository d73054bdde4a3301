"""Where a model comes from: its data with licences, its base, and what that had already seen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from huggingface_hub import ModelCard

from xstilts.chains import translation_language
from xstilts.grid import prior_training
from xstilts.manifest import facts_of, find_manifest
from xstilts.numbers import DASH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xstilts.export.stage import Stage

UNKNOWN = "not known"


def members(stage: Stage) -> list[tuple[str, str]]:
    """Return the (task, language) pairs that the stages of a chain were trained on, each once."""
    found = (
        tuple(member.split("@", 1))
        for _, manifest in stage.trained()
        for member in manifest.identity["declared"]["mixture"]
    )
    return list(dict.fromkeys((task, language) for task, language in found))


def data_rows(stage: Stage) -> list[dict[str, Any]]:
    """Return a row per training set of a chain, from the manifests of the data sets."""
    rows = []
    for task, language in members(stage):
        manifest = find_manifest(Path(stage.grid.paths.data(task, language, "train")))
        made = manifest.identity["declared"] if manifest else {}
        facts = manifest.facts if manifest else {}
        count = facts.get("rows")
        rows.append(
            {
                "name": f"{task}@{language}",
                "examples": f"{count:,}" if isinstance(count, int) else DASH,
                "source": source_text(made.get("source", {})) or UNKNOWN,
                "content": f"`{manifest.content}`" if manifest else DASH,
                "licence": _licence(stage, task, made, facts),
            }
        )
    return rows


def _licence(stage: Stage, task: str, made: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    if "microworld" in made.get("source", {}):
        return "generated, no licence"
    spec = stage.grid.study.known_tasks.get(task)
    licence = str(facts.get("licence") or (spec.licence if spec else UNKNOWN))
    return f"{licence}; {spec.restricted}" if spec and spec.restricted else licence


def source_text(source: Mapping[str, Any]) -> str:
    """Return the source of a data set, as its identity has it, in words."""
    if "microworld" in source:
        return f"microworld (generated, seed {source['seed']})"
    if "hub" in source:
        revision = f" at {source['revision']}" if source.get("revision") else ""
        return f"{'mirror of ' if 'files' in source else ''}hub: {source['hub']}{revision}"
    if "releases" in source:
        urls = (str(item.get("url", "")) for item in source["releases"])
        return f"official release: {', '.join(filter(None, urls))}"
    if "files" in source:
        return f"files of the release: {', '.join(source['files'])}"
    if "parts" in source:
        return "; ".join(
            f"{part['task']}: {source_text(part['source'])}" for part in source["parts"]
        )
    if "text_of" in source:
        names = (item if isinstance(item, str) else "text files" for item in source["text_of"])
        return f"text of {', '.join(names)}"
    return ""


def hub_datasets(stage: Stage) -> list[str]:
    """Return the repositories of the hub with the training sets of a chain, if they are real."""
    if stage.grid.study.source == "microworld":
        return []
    known = stage.grid.study.known_tasks
    found = (known[task].hub for task, _ in members(stage) if task in known)
    return sorted({hub.repo for hub in found if hub})


def trained_languages(stage: Stage) -> list[str]:
    """Return the languages that the stages of a chain were trained on; translated ones, too."""
    found = (translation_language(language) or language for _, language in members(stage))
    return list(dict.fromkeys(found))


def base_source(stage: Stage) -> str:
    """Return what the base model is, without paths of this machine."""
    base = stage.grid.study.bases[stage.base]
    if base.pretrain:
        return "pretrained in this study"
    if base.hub:
        return f"hub: {base.hub}, {f'revision {base.revision}' if base.revision else 'newest then'}"
    return f"checkpoint folder {Path(base.path or '').name}"


def licence_of_base(stage: Stage) -> str | None:
    """Return the licence in the card of the base model's checkpoint; None if it has none."""
    source = facts_of(Path(stage.grid.paths.base(stage.base))).get("source")
    card = Path(source) / "README.md" if source else None
    if card is None or not card.is_file():
        return None
    try:
        licence = ModelCard.load(card, ignore_metadata_errors=True).data.get("license")
    # a card of anybody: no or damaged metadata
    except (ValueError, yaml.YAMLError):
        return None
    return str(licence) if licence else None


def licences(stage: Stage, of_base: str | None, rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line per licence: of the base model, then of the training sets."""
    base = stage.grid.study.bases[stage.base]
    if not base.pretrain:
        yield f"base model {stage.base}: {of_base or f'{UNKNOWN} here; see its page'}"
    by_licence: dict[str, list[str]] = {}
    for row in rows:
        by_licence.setdefault(row["licence"], []).append(row["name"])
    for licence, names in by_licence.items():
        yield f"{', '.join(names)}: {licence}"


def seen_before(stage: Stage) -> str:
    """Return what is known of the data that the base model was trained on before the study."""
    grid, base = stage.grid, stage.grid.study.bases[stage.base]
    if base.pretrain:
        return f"{stage.base} was pretrained in this study and has seen nothing before."
    tasks = prior_training.trained_on(base)
    notes = [note for note in prior_training.notes(grid) if note.startswith(f"{stage.base} was ")]
    if not tasks:
        return (
            f"{stage.base} is taken to have seen text only before this study: no labelled data "
            "is declared (`trained_on`) or known."
        )
    return " ".join([f"Before this study, {stage.base} was trained on {', '.join(tasks)}.", *notes])
