"""Validation of everything that a study names: sources, bases, text, data sets, files.

The names have been resolved before (``names``). Each check takes the study, the lines of its keys
for error messages, and the resolved names.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.chains import TARGET, translation_language
from xstilts.checkpoints import require_complete, require_config
from xstilts.config.load import load_claims
from xstilts.data.file_patterns import require_folder
from xstilts.data.release_requests import release_of
from xstilts.errors import Problems, UserError, suggestion, unknown
from xstilts.grid import sources
from xstilts.grid.check_translations import check_translation
from xstilts.grid.contamination import check_contamination
from xstilts.tasks import get_task
from xstilts.tokens.specials import has_mask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xstilts.chains import Member
    from xstilts.config.load import KeyPath, Lines
    from xstilts.config.study import SourceName, Study
    from xstilts.grid.coverage import Coverage
    from xstilts.grid.names import Names
    from xstilts.grid.nodes import TargetNode
    from xstilts.grid.stages import Stages
    from xstilts.tasks.base import Task


FOLDERS = {
    "original": ("data_root", "the release files"),
    "mirror": ("mirror", "the mirrored repositories (OWNER/REPO/PATH)"),
}
"""Local sources: the key of their folder, and its content."""


def check_names(study: Study, lines: Lines, names: Names) -> None:
    """Raise a UserError with all items that a study names and that are not available."""
    coverage, problems = names.coverage, Problems()
    if coverage.world and study.text:
        raise UserError(
            f"{lines.where(('text',))}: the microworld generates its own text. Remove this key."
        )
    for base in study.bases:
        with problems.noted():
            check_base(lines, coverage, base)
            check_mask(study, lines, names, base)
    with problems.noted():
        check_text(lines, coverage)
    for node in names.targets_of("").values():
        with problems.noted():
            check_target(lines, coverage, node)
    for check in (check_views, check_strategies, check_mentions):
        with problems.noted():
            check(lines, names)
    with problems.noted():
        check_contamination(study, lines, names)
    problems.raise_all()


def check_source(study: Study, lines: Lines, names: Names) -> None:
    """Raise a UserError for an unknown task, a missing folder or an unused repository."""
    known = study.known_tasks
    for task in study.sources:
        where = lines.where(("sources", task))
        get_task(task, where, known)
        if task in study.tasks:
            raise UserError(f"{where}: tasks.{task} names the files of this task. Remove this key.")
    if study.sources and study.source == "microworld":
        raise UserError(
            f"{lines.where(('sources',))}: the microworld generates all data. Remove this key."
        )
    if names.coverage.files_must_exist:
        _check_folders(study, lines, names)
    repositories = {task.hub.repo for task in known.values() if task.hub}
    repositories |= {text.hub for text in study.text if text.hub}
    for repo in study.revisions:
        if repo not in repositories:
            where = lines.where(("revisions", repo))
            raise unknown("dataset repository of this study", repo, repositories, where)
    for name, version in study.versions.items():
        where = lines.where(("versions", name))
        release_of(get_task(name, where, known), where, version)


def _check_folders(study: Study, lines: Lines, names: Names) -> None:
    """Raise a UserError if the folder of a source is not set or does not exist."""
    # not for text, nor for tasks that the study declares
    known = study.known_tasks
    read = {name for name in names.tasks() if known[name].kind != "mlm"} - {*study.tasks}
    named: dict[KeyPath, SourceName] = {("source",): study.source} if read else {}
    named |= {("sources", task): source for task, source in study.sources.items()}
    for key_path, source in named.items():
        if source not in FOLDERS:
            continue
        key, content = FOLDERS[source]
        if getattr(study, key) is None:
            raise UserError(
                f"{lines.where(key_path)}: source {source!r} needs {key}, the folder with "
                f"{content}. Set it in the study or with --config {key}=FOLDER."
            )
    used = FOLDERS.keys() if study.source == "auto" else set(named.values())
    for key, content in (FOLDERS[source] for source in FOLDERS if source in used):
        if (folder := getattr(study, key)) is not None:
            require_folder(Path(folder), content, lines.where((key,)))


def check_base(lines: Lines, coverage: Coverage, name: str) -> None:
    """Raise a UserError if a base has no whole checkpoint, or no text for pretraining."""
    study, where = coverage.study, lines.where(("bases", name))
    base = study.bases[name]
    if base.pretrain and study.source != "microworld" and not study.text:
        raise UserError(f"{where}: pretraining needs text. Name some under the key `text`.")
    for index, task in enumerate(base.trained_on or ()):
        get_task(task, lines.where(("bases", name, "trained_on", index)), study.known_tasks)
    if base.path is None:
        return
    folder = Path(base.path)
    siblings = [p.name for p in folder.parent.iterdir()] if folder.parent.is_dir() else []
    if not folder.is_dir():
        hint = suggestion(folder.name, siblings) if siblings else ""
        raise UserError(f"{where}.path: no such folder: {folder}.{hint}")
    # a plan needs the configuration only
    require = require_complete if coverage.files_must_exist else require_config
    require(folder, f"{where}.path")


def check_mask(study: Study, lines: Lines, names: Names, name: str) -> None:
    """Raise a UserError if a stage uses masked language modelling and the base has no mask token.

    Checked for bases in a folder; for bases on the Hub, tokenisation fails instead.
    """
    path = study.bases[name].path
    found = [stage.members for nodes in names.strategies.values() for stage in nodes]
    found += [node.members for node in names.all_targets.values()]
    masking = [
        m.task for members in found for m in members if study.known_tasks[m.task].kind == "mlm"
    ]
    if path is None or not masking or has_mask(Path(path)):
        return
    raise UserError(
        f"{lines.where(('bases', name))}: the tokenizer in {path} has no mask token, so that this "
        f"model cannot be trained on {masking[0]}. Use {masking[0]} with a masked language model "
        "such as XLM-R or BERT."
    )


def check_text(lines: Lines, coverage: Coverage) -> None:
    """Raise a UserError for text that does not exist or cannot be paired."""
    study, problems = coverage.study, Problems()
    source = study.source_language
    for index, text in enumerate(study.text):
        where = lines.where(("text", index))
        task = coverage.task(text.task, lines.where(("text", index, "task"))) if text.task else None
        if task and task.kind == "mlm":
            raise UserError(
                f"{where}: {task.name} is made from text and cannot be a source of text."
            )
        for language in text.languages:
            with problems.noted():
                if task:
                    coverage.check(task, language, text.split, where)
                elif coverage.files_must_exist:
                    sources.text_files(study, text, language, where)
        if text.pairs and source not in text.languages:
            raise UserError(f"{where}: pairs need the source language {source!r} among them.")
    problems.raise_all()


def check_members(lines: Lines, coverage: Coverage, members: Iterable[Member], where: str) -> None:
    """Raise a UserError for a training set that does not exist."""
    problems = Problems()
    for member in members:
        task = coverage.study.known_tasks[member.task]
        with problems.noted():
            if translation_language(member.language):
                check_translation(lines, coverage, task, member.language, where)
            else:
                coverage.check(task, member.language, "train", where)
    problems.raise_all()


def check_target(lines: Lines, coverage: Coverage, node: TargetNode) -> None:
    """Raise a UserError for a target that cannot be evaluated or trained."""
    study, where, problems = coverage.study, lines.where(node.key_path), Problems()
    own = study.targets.get(node.name)
    for index, language in enumerate(node.languages):
        key = ("languages", index) if own and isinstance(own.languages, list) else ()
        with problems.noted():
            coverage.check(node.task, language, node.split, lines.where((*node.key_path, *key)))
    with problems.noted():
        check_members(lines, coverage, node.members, where)
    problems.raise_all()
    for member in node.members:
        trained, task = study.known_tasks[member.task], node.task
        if not _can_answer(trained, task):
            raise UserError(
                f"{where}: a head trained on {member.task} cannot answer {task.name}: kinds or "
                f"labels differ ({trained.kind} {trained.labels}, {task.kind} {task.labels})."
            )


def _can_answer(trained: Task, task: Task) -> bool:
    """Return True if a head trained on one task can predict another.

    All labels of one must be labels of the other: a head trained without DATE can be evaluated on
    data with DATE; it just never predicts it.
    """
    ours, theirs = set(trained.labels), set(task.labels)
    same_sort = trained.kind == task.kind and bool(ours) == bool(theirs)
    return same_sort and (ours <= theirs or theirs <= ours)


def check_views(lines: Lines, names: Names) -> None:
    """Raise a UserError for a protocol named twice or a missing development set."""
    study, problems = names.coverage.study, Problems()
    for index, protocol in enumerate(study.further_protocols):
        if protocol == study.protocol or protocol in study.further_protocols[:index]:
            where = lines.where(("further_protocols", index))
            raise UserError(f"{where}: {protocol!r} is named twice. Remove one.")
    for name, node in names.all_targets.items():
        if node.view:
            where = f"{lines.where(('choose_on',))}: {name}"
            for language in node.languages:
                with problems.noted():
                    names.coverage.check(node.task, language, node.split, where)
    problems.raise_all()


def check_strategies(lines: Lines, names: Names) -> None:
    """Raise a UserError for a stage with an ambiguous name, a wrong position or missing data."""
    named, problems = names.coverage.study.stages, Problems()
    for strategy, nodes in names.strategies.items():
        for node in nodes:
            where = lines.where(node.key_path)
            with problems.noted():
                check_members(lines, names.coverage, node.members, where)
            if node.key_path[0] == "strategies" and node.label in named:
                raise UserError(
                    f"{where}: {node.label!r} is also the name of a stage. Rename the stage."
                )
        for index, node in enumerate(nodes[:-1]):
            if node.with_target:
                where = lines.where(("strategies", strategy, index))
                raise UserError(
                    f"{where}: {TARGET!r} trains a stage jointly with the target, so it must be "
                    "the last stage. Move this mixture to the end of the strategy."
                )
    problems.raise_all()


def check_mentions(lines: Lines, names: Names) -> None:
    """Raise a UserError for an unknown task, strategy or file in the remaining keys."""
    coverage, study = names.coverage, names.coverage.study
    if study.baseline not in study.strategies:
        raise unknown("strategy", study.baseline, study.strategies, lines.where(("baseline",)))
    for index, pair in enumerate(study.contrasts):
        where = lines.where(("contrasts", index))
        for name in pair:
            if name not in study.strategies:
                raise unknown("strategy", name, study.strategies, where)
        if len(set(pair)) == 1:
            raise UserError(f"{where}: {pair[0]!r} is compared with itself. Name another strategy.")
    for task in study.recipes.tasks:
        get_task(task, lines.where(("recipes", "tasks", task)), study.known_tasks)
    for task in study.microworld.tasks:
        coverage.task(task, lines.where(("microworld", "tasks", task)))
    for index, file in enumerate(study.claims):
        if not Path(file).is_file():
            where = lines.where(("claims", index))
            raise UserError(f"{where}: no such file of claims: {file}")
        load_claims(Path(file))
    for task in study.translations.files:
        get_task(task, lines.where(("translations", "files", task)), study.known_tasks)


def check_dev_sets(stages: Stages) -> None:
    """Raise a UserError if a stage that selects weights on dev sets has none."""
    where, problems = stages.lines.where(("recipes",)), Problems()
    for member in stages.selecting_members():
        with problems.noted():
            try:
                task = stages.study.known_tasks[member.task]
                stages.names.coverage.check(task, member.language, "validation", where)
            except UserError as error:
                raise type(error)(
                    f"{error} Weights are selected on dev sets; set `selection: last`, for "
                    f"instance in recipes.tasks.{member.task}, to keep the last ones."
                ) from None
    problems.raise_all()
