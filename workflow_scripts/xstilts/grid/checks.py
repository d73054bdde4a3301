"""What the names of a study are checked for besides being known: sources, bases, text, files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.config.load import load_claims
from xstilts.errors import UserError, suggestion, unknown
from xstilts.grid import sources
from xstilts.tasks import TASKS, get_task
from xstilts.tokens.specials import has_mask

if TYPE_CHECKING:
    from xstilts.grid.names import Names


def check_source(names: Names) -> None:
    """Raise a UserError if the source lacks its folder, or a pinned repository is not used."""
    study, where = names.study, names.lines.where(("source",))
    needed = {
        "original": ("data_root", study.data_root, "the release files"),
        "mirror": ("mirror", study.mirror, "the mirrored repositories (OWNER/REPO/PATH)"),
    }
    key, folder, content = needed.get(study.source, ("", "", ""))
    if folder is None:
        raise UserError(
            f"{where}: source {study.source!r} needs {key}, the folder with {content}. Set it "
            f"in the study or with --config {key}=FOLDER."
        )
    known = {task.hub.repo for task in TASKS.values() if task.hub}
    known |= {text.hub for text in study.text if text.hub}
    for repo in study.revisions:
        if repo not in known:
            place = names.lines.where(("revisions", repo))
            raise unknown("dataset repository of this study", repo, known, place)


def check_base(names: Names, name: str) -> None:
    """Raise a UserError if a base cannot be made: no such folder, or no text to pretrain on."""
    base, where = names.study.bases[name], names.lines.where(("bases", name))
    if base.pretrain and not names.world and not names.study.text:
        raise UserError(f"{where}: pretraining needs text. Name some under the key `text`.")
    if base.path is None or (Path(base.path) / "config.json").is_file():
        return
    folder = Path(base.path)
    siblings = [p.name for p in folder.parent.iterdir()] if folder.parent.is_dir() else []
    if not folder.is_dir():
        hint = suggestion(folder.name, siblings) if siblings else ""
        raise UserError(f"{where}.path: no such folder: {folder}.{hint}")
    raise UserError(f"{where}.path: {folder} has no config.json: it is no checkpoint folder.")


def check_mask(names: Names, name: str) -> None:
    """Raise a UserError if a strategy hides words from a model that has no mask for them.

    Known here for a base in a folder; for one on the hub, tokens are refused.
    """
    path = names.study.bases[name].path
    found = [stage.members for nodes in names.strategies.values() for stage in nodes]
    found += [target.members for target in names.targets.values()]
    hiding = [m.task for members in found for m in members if TASKS[m.task].kind == "mlm"]
    if path is None or not hiding or has_mask(Path(path)):
        return
    raise UserError(
        f"{names.lines.where(('bases', name))}: the tokenizer in {path} has no mask token, so "
        f"that {hiding[0]} cannot train this model. Use {hiding[0]} with a model that guesses "
        "hidden words, as XLM-R or BERT."
    )


def check_text(names: Names) -> None:
    """Raise a UserError for text that is not there or cannot be paired."""
    source = names.study.source_language
    for index, text in enumerate(names.study.text):
        where = names.lines.where(("text", index))
        task = (
            get_task(text.task, names.lines.where(("text", index, "task"))) if text.task else None
        )
        if task and task.kind == "mlm":
            raise UserError(f"{where}: {task.name} is made of text, it is no source.")
        for language in text.languages:
            if task:
                names.check_dataset(task, language, text.split, where)
            elif names.files_must_exist:
                sources.text_files(names.study, text, language, where)
        if text.pairs and source not in text.languages:
            raise UserError(f"{where}: pairs need the source language {source!r} among them.")


def check_mentions(names: Names) -> None:
    """Raise a UserError for a task, strategy or file that is named in passing and is not there."""
    study, lines = names.study, names.lines
    if study.baseline not in study.strategies:
        raise unknown("strategy", study.baseline, study.strategies, lines.where(("baseline",)))
    for index, pair in enumerate(study.contrasts):
        where = lines.where(("contrasts", index))
        for name in pair:
            if name not in study.strategies:
                raise unknown("strategy", name, study.strategies, where)
        if len(set(pair)) == 1:
            raise UserError(f"{where}: {pair[0]!r} is compared with itself. Name another.")
    for section in ("recipes", "microworld"):
        for task in getattr(study, section).tasks:
            get_task(task, lines.where((section, "tasks", task)))
    for index, file in enumerate(study.claims):
        if not Path(file).is_file():
            where = lines.where(("claims", index))
            raise UserError(f"{where}: no such file of claims: {file}")
        load_claims(Path(file))
    for task in study.translations.files:
        get_task(task, lines.where(("translations", "files", task)))
