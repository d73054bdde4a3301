"""Declared identity of each product, as builtins for a rule's ``params``.

It contains everything that determines the product, including the set of its inputs, and nothing
else; the content of inputs is added when the job runs (manifests hold checksums) and is compared by
Snakemake.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from xstilts.chains import EMPTY_CHAIN, full_chain_label, translation_language
from xstilts.config.protocol import PROTOCOLS
from xstilts.data.sources import on_hub
from xstilts.fingerprint import fingerprint
from xstilts.grid import sources, translations
from xstilts.grid.decoding import decoding
from xstilts.grid.recipes import head_name, null_threshold, token_options
from xstilts.grid.source_choice import Part, declared_source
from xstilts.grid.source_choice import parts as parts_of
from xstilts.identity import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xstilts.config.study import Study
    from xstilts.grid.grid import Grid
    from xstilts.kinds import Split
    from xstilts.tasks.base import Reader, Task


def _reader(read: Reader) -> tuple[str, str, dict[str, Any]]:
    """Return module, name and options (as builtins) of the function that reads files into rows.

    Labels are left out: an identity lists them separately.
    """
    function, options = (read.func, read.keywords) if isinstance(read, partial) else (read, {})
    given = json.loads(canonical({key: options[key] for key in options if key != "labels"}))
    return function.__module__, function.__name__, given


def data(grid: Grid, task: str, language: str, split: Split) -> dict[str, Any]:
    """Return the identity of a data set: its source and the code that reads it."""
    spec, study = grid.study.known_tasks[task], grid.study
    if translation_language(language):
        return _translated(grid, spec, language)
    identity: dict[str, Any] = {
        "task": task,
        "language": language,
        "split": split,
        "kind": spec.kind,
        "labels": list(spec.labels),
    }
    source = declared_source(study, spec)
    if source == "microworld":
        identity["source"], entry = _generated(grid, spec, language, split), "microworld"
    elif spec.kind == "mlm":
        found = grid.text_sources(task, language)
        identity["source"] = {
            "text_of": [item if isinstance(item, str) else item.declared for item in found]
        }
        entry = "text"
    else:
        return identity | _examples(study, spec, language, split)
    identity["code"] = fingerprint(["data", entry])
    return identity


def _generated(grid: Grid, task: Task, language: str, split: Split) -> dict[str, Any]:
    """Return the source of a data set of the microworld."""
    settings = grid.study.microworld
    own = settings.tasks.get(task.name)
    found = {
        "microworld": task.microworld,
        "seed": settings.seed,
        "difficulty": (own and own.difficulty) or settings.difficulty,
        # the language's own number: a world with more languages has the same ones first
        "languages": max(2, grid.names.coverage.world_languages.index(language) + 1),
        "examples": settings.text if task.kind == "mlm" else getattr(own or settings.sizes, split),
    }
    return found | ({"stream": task.stream} if task.stream else {})


def _examples(study: Study, task: Task, language: str, split: Split) -> dict[str, Any]:
    """Return source, options and code of a data set that is read from files or downloads."""
    parts = parts_of(study, task, language, split)
    if {part.source for part in parts} in ({"original"}, {"url"}):
        # the release files of a composite task are those of its parts, read together
        parts = (Part(task, parts[0].source),)
    found, entries = zip(*(_part(study, part, language, split) for part in parts), strict=True)
    code = {"code": fingerprint(["data", *sorted(set(entries))])}
    if not task.parts or len(parts) == 1:
        return found[0] | code
    named = [{"task": part.task.name, **one} for part, one in zip(parts, found, strict=True)]
    return {"source": {"parts": named}} | code


def _part(study: Study, part: Part, language: str, split: Split) -> tuple[dict[str, Any], str]:
    """Return source and options of one part of a data set, and the module of its reader."""
    task = part.task
    if part.source in ("original", "url"):
        entry, name, options = _reader(task.read)
        source: dict[str, Any] = {}
        if part.source == "url":
            source["releases"] = sources.release_files(study, part, language, split)
        else:
            files = sources.files_of(study, part, language, split)
            source["files"] = sources.relative_names(study, part, files)
        if task.name in study.tasks:
            source["read"] = {"reader": name, **options}
            options = {}
        return {"source": source} | ({"options": options} if options else {}), entry
    hub = on_hub(task, "source")
    entry, name, options = _reader(hub.read)
    source = {"hub": hub.repo, "read": {"reader": name, **options}}
    if part.source == "mirror":
        files = sources.files_of(study, part, language, split)
        source["files"] = sources.relative_names(study, part, files)
    else:
        source |= sources.requests_of(study, part, language, split)[0]
    return {"source": source}, entry


def _translated(grid: Grid, task: Task, segment: str) -> dict[str, Any]:
    """Return the identity of a translated training set."""
    identity = translations.data_identity(grid.study, task, segment)
    if "code" not in identity:
        entry, name, options = _reader(task.read)
        identity["code"] = fingerprint(["data", entry])
        if task.name in grid.study.tasks:
            identity["source"]["read"] = {"reader": name, **options}
        elif options:
            identity["options"] = options
    return identity


def data_files(grid: Grid, task: str, language: str, split: Split) -> list[str]:
    """Return the input files of a data set."""
    spec, study = grid.study.known_tasks[task], grid.study
    if translation_language(language):
        return translations.data_files(study, grid.paths, task, language)
    if study.source == "microworld":
        return []
    downloads = sources.requests(grid.study, spec, language, split)
    files = [grid.paths.download(task, language, split)] if downloads else []
    if spec.kind == "mlm":
        for item in grid.text_sources(task, language):
            files += [item] if isinstance(item, str) else item.files
        return files
    local = sources.local_files(study, spec, language, split)
    return files + [file.as_posix() for file in local]


def download(grid: Grid, task: str, language: str, split: Split) -> dict[str, Any]:
    """Return the identity of a data set's downloads: repositories, revisions, file patterns."""
    return {"requests": sources.requests(grid.study, grid.study.known_tasks[task], language, split)}


def tokenizer(grid: Grid, base: str) -> dict[str, Any]:
    """Return the identity of a tokenizer that the workflow trains."""
    pretrain = grid.study.bases[base].pretrain
    assert pretrain is not None, base
    return {
        "algorithm": "unigram",
        "vocab_size": pretrain.vocab_size,
        "text": [f"{member.task}@{member.language}" for member in grid.text_members(base)],
        "code": fingerprint(["tokenizer"]),
    }


def tokens(grid: Grid, task: str, prefixed: str = "") -> dict[str, Any]:
    """Return the identity of a task's tokens, without tokenizer and data.

    Args:
        grid: the study.
        task: the task.
        prefixed: protocol whose prefixes the sentences have; empty if they have none.
    """
    spec = grid.study.known_tasks[task]
    # left out if there are none, so that they are not part of the identity of other tokens
    prefixes = {"prefixes": dict(PROTOCOLS[prefixed].prefixes[spec.kind])} if prefixed else {}
    return {
        "task": task,
        "kind": spec.kind,
        "labels": list(spec.labels),
        **token_options(grid.study, task),
        **prefixes,
        "code": fingerprint(["tokens", f"tokens/{spec.kind}", *(["prefixes"] if prefixed else [])]),
    }


def model(grid: Grid, base: str, seed: int, chain: str, target: str | None) -> dict[str, Any]:
    """Return the identity of a stage, without parent and tokens: mixture, recipe, seed, code."""
    members = grid.members(base, chain, target)
    pretrain = grid.study.bases[base].pretrain if target is None and chain == EMPTY_CHAIN else None
    dev = grid.dev_members(base, chain, target)
    recipe = grid.recipe(base, chain, target)
    kinds = sorted({grid.study.known_tasks[member.task].kind for member in members})
    identity: dict[str, Any] = {
        "seed": pretrain.seed if pretrain else seed,
        "mixture": [f"{member.task}@{member.language}" for member in members],
        "head_of": {member.task: head_name(member.task) for member in members},
        "heads": {
            head_name(member.task): {
                "kind": grid.study.known_tasks[member.task].kind,
                "labels": list(grid.study.known_tasks[member.task].labels),
            }
            for member in members
        },
        "recipe": recipe,
        "dev": {
            f"{m.task}@{m.language}": _dev_scoring(grid, grid.study.known_tasks[m.task])
            for m in dev
        },
        "code": fingerprint(
            _features(kinds, recipe, [grid.study.known_tasks[m.task] for m in dev])
        ),
    }
    if pretrain:
        identity["architecture"] = pretrain.architecture.model_dump()
    whole = full_chain_label(grid.stages_of(chain))
    if whole != chain:
        # its path does not say which training sets came before
        identity["chain"] = whole
    return identity


def _features(kinds: Sequence[str], recipe: Mapping[str, Any], dev: Iterable[Task]) -> list[str]:
    """Return the features whose code a stage uses.

    Args:
        kinds: kinds of the tasks that it trains on.
        recipe: recipe of the stage.
        dev: tasks whose dev sets select its weights.
    """
    used = ["training", *(f"head/{kind}" for kind in kinds)]
    used += ["contrastive"] if "ranking" in kinds else []
    used += [option for option in ("padding_free", "compile") if recipe[option]]
    used += ["lora"] if "lora" in recipe else []
    tasks = list(dev)
    used += ["selection"] if tasks else []
    for task in tasks:
        used += [f"prediction/{task.kind}", f"metrics/{task.scorer or task.kind}"]
    return used


def _dev_scoring(grid: Grid, task: Task) -> dict[str, Any]:
    """Return how a dev set is decoded and scored while a stage trains."""
    decoding = {}
    if task.may_lack_answer:
        decoding["null_threshold"] = null_threshold(grid.study, task.name)
    return {"metric": task.metric, "scorer": task.scorer, "decoding": decoding}


def imported_base(grid: Grid, base: str) -> dict[str, Any]:
    """Return the identity of a base model imported from a folder or the Hub."""
    settings = grid.study.bases[base]
    return {
        "path": settings.path,
        "hub": settings.hub,
        "revision": settings.revision,
        "code": fingerprint(["checkpoint"]),
    }


def predictions(grid: Grid, target: str) -> dict[str, Any]:
    """Return the identity of a target's predictions, without model and data."""
    node = grid.names.all_targets[target]
    head = node.members[0].task if node.members else None
    used = ["prediction", f"prediction/{node.task.kind}"]
    used += [f"head/{node.task.kind}"] if head else []
    used += ["lora"] if grid.keeps_adapters else []
    return {
        "task": node.task.name,
        "split": node.split,
        "kind": node.task.kind,
        "labels": list(node.task.labels),
        "head": head,
        "decoding": decoding(grid.study, node.task, node.protocol, trained=bool(node.members)),
        "code": fingerprint(used),
    }


def scores(grid: Grid, target: str) -> dict[str, Any]:
    """Return the identity of a target's scores, without predictions."""
    node = grid.names.all_targets[target]
    return {
        "task": node.task.name,
        "kind": node.task.kind,
        "scorer": node.task.scorer,
        "languages": list(node.languages),
        "headline": grid.headline(target),
        "protocol": node.protocol,
        "depth": grid.depth(target),
        "code": fingerprint(["scores", f"metrics/{node.task.scorer or node.task.kind}"]),
    }


def trivial_baselines(grid: Grid, target: str) -> dict[str, Any]:
    """Return the identity of a target's trivial baselines, without data."""
    node = grid.targets[target]
    members = [f"{m.task}@{m.language}" for m in grid.trivial_baseline_members(target)]
    # one score for all base models: with the recipe of the first, since recipes may differ
    base = next(iter(grid.study.bases))
    recipe = grid.recipe(base, EMPTY_CHAIN, target) if members else {"max_train_examples": 0}
    return {
        "target": target,
        "task": node.task.name,
        "kind": node.task.kind,
        "scorer": node.task.scorer,
        "mixture": members,
        "max_train_examples": recipe["max_train_examples"],
        "languages": list(node.languages),
        "headline": node.task.metric,
        "code": fingerprint(
            [
                "trivial_baselines",
                f"trivial_baselines/{node.task.kind}",
                f"metrics/{node.task.scorer or node.task.kind}",
            ]
        ),
    }


def data_check(grid: Grid) -> dict[str, Any]:
    """Return the identity of the data check before training: the data sets of the study."""
    return {
        "data": sorted({*grid.training_data(), *grid.selection_data(), *grid.evaluation_data()})
    }
