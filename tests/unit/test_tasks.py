from __future__ import annotations

import inspect
import re
import string
from functools import partial
from typing import get_args

import pyarrow as pa
import pytest

from xstilts.config.recipe import Recipe
from xstilts.config.recipe_presets import PRESETS, PresetName
from xstilts.data.schemas import SCHEMAS
from xstilts.errors import UserError
from xstilts.features import load
from xstilts.flores import FLORES
from xstilts.kinds import ExampleKind, Split
from xstilts.microworld.generators import GENERATORS
from xstilts.tasks import TASKS, get_task

TEXT_TASKS = ("mlm", "tlm")
LABELS_OF_TRAINING_DATA = ("ccg",)
DATA_TASKS = [name for name in TASKS if name not in TEXT_TASKS]
METRICS = {
    "classification": {"accuracy", "macro_f1", "weighted_f1"},
    "span": {"mean_em_f1"},
    "tagging": {"f1", "token_accuracy"},
    "retrieval": {"accuracy"},
    "multiple_choice": {"accuracy"},
    "mining": {"f1"},
    "ranking": {"map_at_20"},
    "mlm": {"perplexity"},
}

# google-research/xtreme, evaluate.py: XTREME_TASK2LANGS, and what XTREME_R_TASK2LANGS adds
XTREME = {
    "xnli": "ar bg de el en es fr hi ru sw th tr ur vi zh",
    "xquad": "en es de el ru tr ar vi th zh hi" + " ro",
    "mlqa": "en es de ar hi vi zh",
    "tydiqa": "en ar bn fi id ko ru sw te",
    "udpos": "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl "
    "tr ur vi yo zh" + " lt pl uk wo ro",
    "xcopa": "et ht id it qu sw ta th tr vi zh",
    "pawsx": "de en es fr ja ko zh",
    "panx": "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt es bg ru ja "
    "ka ko th sw yo my zh kk tr et fi hu" + " qu pl uk az lt pa gu ro",
    "bucc2018": "de fr ru zh",
    # XQuAD-R: XTREME-R's eleven of LAReQA
    "lareqa": "ar de el en es hi ru th tr vi zh",
    "mewslix": "ar de en es fa ja pl ro ta tr uk",
    "tatoeba": "ar he vi id jv tl eu ml ta te af nl de el bn hi mr ur fa fr it pt es bg ru ja ka "
    "ko th sw zh kk tr et fi hu" + " az lt pl uk ro",
}


@pytest.mark.parametrize("name", TASKS)
def test_names_and_metadata_are_filled(name):
    task = TASKS[name]
    assert re.fullmatch(r"[a-z][a-z0-9_]*", task.name)
    assert task.kind == "mlm" or task.kind in get_args(ExampleKind)
    assert task.kind in SCHEMAS
    assert task.metric in METRICS[task.kind]
    assert task.homepage.startswith("https://")
    for text in (task.title, task.licence, task.citation):
        assert text.strip() == text != ""
    assert task.microworld is None or task.microworld in GENERATORS
    assert task.microworld or not task.stream


@pytest.mark.parametrize("name", TASKS)
def test_recipes_are_valid_and_complete_enough(name):
    task = TASKS[name]
    Recipe.model_validate(dict(task.recipe))
    assert "max_length" in task.recipe
    assert ("doc_stride" in task.recipe) == (task.kind == "span")
    if task.train:
        assert {"learning_rate", "batch_size", "epochs"} <= set(TASKS[task.train].recipe)


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("preset", PRESETS)
def test_presets_of_recipes_are_valid(name, preset):
    assert set(get_args(PresetName)) == set(PRESETS)
    assert set(PRESETS[preset].tasks) <= set(TASKS)
    found = PRESETS[preset].recipe(name, TASKS[name].train)
    Recipe.model_validate(found)
    # the keys of a task, or of the one that it trains on
    assert ("selection" in found) == bool({name, TASKS[name].train} & {*PRESETS[preset].tasks})


@pytest.mark.parametrize("name", DATA_TASKS)
def test_languages_are_codes_and_named_once(name):
    task = TASKS[name]
    assert task.languages
    assert len(set(task.languages)) == len(task.languages)
    assert all(re.fullmatch(r"[a-z]{2,3}(_[A-Z][a-z]{3})?", code) for code in task.languages)
    assert set(task.splits_of) <= set(task.languages)
    assert set(task.codes) <= set(task.languages)
    assert len(set(task.codes.values())) == len(task.codes)
    for language, splits in task.splits_of.items():
        assert set(splits) < set(task.files), language


@pytest.mark.parametrize("name", DATA_TASKS)
def test_patterns_use_known_fields_and_stay_below_the_root(name):
    task = TASKS[name]
    assert task.files
    assert set(task.files) <= set(get_args(Split))
    for patterns in task.files.values():
        assert bool(patterns) != bool(task.parts)
        assert len(set(patterns)) == len(patterns)
        for pattern in patterns:
            fields = {field for _, field, _, _ in string.Formatter().parse(pattern) if field}
            assert fields <= {"language", "code"}
            # a release may use one naming and its processed versions another
            assert "code" not in fields or task.codes
            assert not pattern.startswith("/")
            assert ".." not in pattern


@pytest.mark.parametrize("name", DATA_TASKS)
def test_labels_are_unique_and_known_to_the_reader(name):
    task = TASKS[name]
    labelled = task.kind in {"classification", "tagging"}
    assert bool(task.labels) == (labelled and name not in LABELS_OF_TRAINING_DATA)
    assert len(set(task.labels)) == len(task.labels)
    if isinstance(task.read, partial):
        assert task.read.keywords.get("labels", task.labels) == task.labels


@pytest.mark.parametrize("name", DATA_TASKS)
def test_readers_take_files_and_language(name):
    bound = inspect.signature(TASKS[name].read).bind([], "en")
    assert list(bound.arguments.values())[:2] == [[], "en"]


HUB_TASKS = [name for name in DATA_TASKS if TASKS[name].hub]


@pytest.mark.parametrize("name", HUB_TASKS)
def test_hub_sources_fit_their_task(name):
    task, hub = TASKS[name], TASKS[name].hub
    assert hub is not None
    assert re.fullmatch(r"[\w-]+/[\w.-]+", hub.repo)
    assert re.fullmatch(r"[0-9a-f]{40}|main|refs/convert/parquet", hub.revision)
    assert set(hub.files) <= set(task.files)
    assert set(hub.languages) <= set(task.languages)
    known = hub.languages or task.languages
    assert not hub.codes or set(known) <= set(hub.codes)
    for patterns in hub.files.values():
        assert len(set(patterns)) == len(patterns) > 0
        for pattern in patterns:
            fields = {field for _, field, _, _ in string.Formatter().parse(pattern) if field}
            assert fields == ({"code"} if hub.codes else {"language"} & fields)
            # a wider wildcard would read another split, or a language twice
            assert "**" not in pattern
            assert not pattern.startswith(("/", "*"))
    options = hub.read.keywords if isinstance(hub.read, partial) else {}
    assert options.get("labels", task.labels) == task.labels
    named = [options.get("renamed", {}).get(label, label) for label in options.get("names", ())]
    assert task.kind not in {"classification", "tagging"} or set(named) <= set(task.labels)
    assert list(inspect.signature(hub.read).bind([], "en").arguments.values())[:2] == [[], "en"]


def test_which_tasks_the_hub_has():
    assert {"mnli", "squad_v1", "tatoeba", "udpos", "xnli", "xquad"} <= set(HUB_TASKS)
    udpos = TASKS["udpos"]
    assert udpos.hub is not None
    assert set(udpos.languages) - set(udpos.hub.languages) == {"lt", "pl", "ro", "uk", "wo"}


@pytest.mark.parametrize("name", DATA_TASKS)
def test_the_training_task_of_a_target_fits_it(name):
    task = TASKS[name]
    if task.train is None:
        assert "train" not in task.files
        return
    train = get_task(task.train, name)
    assert train.kind == task.kind
    # in the same order, so that heads can be reused
    assert train.labels == task.labels
    assert {"train", "validation"} <= set(train.splits("en"))


@pytest.mark.parametrize("name", XTREME)
def test_languages_are_those_of_xtreme_and_xtreme_r(name):
    assert sorted(TASKS[name].languages) == sorted(XTREME[name].split())


def test_splits_that_languages_lack():
    udpos = TASKS["udpos"]
    assert [udpos.splits(code) for code in ("th", "tl", "yo")] == [("test",)] * 3
    assert udpos.splits("kk") == ("train", "test")
    assert udpos.splits("wo") == ("train", "validation", "test")
    assert TASKS["xquad"].splits("de") == ("test",)


NLI = ("sick", "snli", "anli", "anli_r1", "anli_r2", "anli_r3", "anli_plus", "xnli", "afrixnli")


@pytest.mark.parametrize("name", [*NLI, "americasnli"])
def test_heads_for_inference_are_interchangeable(name):
    assert TASKS[name].labels == TASKS["mnli"].labels
    assert TASKS[name].microworld == "nli"


def test_a_task_of_parts_has_the_kind_the_labels_and_the_splits_of_all():
    for task in TASKS.values():
        for part in task.parts:
            assert (part.kind, part.labels) == (task.kind, task.labels)
            assert set(task.files) <= set(part.files)
            assert not part.parts
    assert [part.name for part in TASKS["anli_plus"].parts] == ["mnli", "snli", "anli"]


def test_data_sets_of_one_generator_have_different_streams():
    streams = {}
    for task in TASKS.values():
        if task.microworld is not None:
            streams.setdefault((task.microworld, task.stream), []).append(task.name)
    # the training data and its translated test set
    assert streams["nli", ""] == ["mnli", "xnli"]
    assert streams["continuation", ""] == ["hellaswag"]
    assert streams["cause_effect", ""] == ["copa", "xcopa"]
    assert [names for (_, stream), names in streams.items() if stream and len(names) > 1] == []
    assert streams["paraphrase", ""] == ["pawsx"]
    assert streams["names", ""] == ["panx"]


@pytest.mark.parametrize(
    ("name", "language", "code", "number"),
    [
        ("afrixnli", "yo", "yor", 18),
        ("americasnli", "ay", "aym", 10),
        ("americasnli", "quy", "quy", 10),
        ("masakhaner1", "am", "amh", 10),
        ("masakhaner2", "pcm", "pcm", 20),
        ("masakhapos", "tn", "tsn", 20),
    ],
)
def test_languages_by_their_short_code_files_by_the_releases(name, language, code, number):
    task = TASKS[name]
    assert task.codes[language] == code
    assert len(task.languages) == number
    # no language under its long name where it has a short one
    assert not {"swa", "yor", "hau", "eng", "aym", "wol", "zul"} & set(task.languages)


@pytest.mark.parametrize(("name", "number"), [("sib200", 205), ("belebele", 122)])
def test_varieties_of_flores(name, number):
    task = TASKS[name]
    assert len(task.languages) == number
    assert dict(task.codes).items() <= FLORES.items()
    assert {"de", "yo", "ary_Arab", "zho_Hans", "zho_Hant"} <= set(task.languages)
    assert not {"zh", "deu_Latn", "yor_Latn"} & set(task.languages)
    # one sentence or passage in all of them
    assert task.corpus == "flores200"


def test_the_metric_is_one_of_the_scorer(name="class_f1"):
    table = pa.table({"id": ["0"], "gold": ["x"], "prediction": ["x"]})
    computed = load("metrics", name).score(table, "en")
    used = {task.metric for task in TASKS.values() if task.scorer == name}
    assert used == {"macro_f1", "weighted_f1"} < set(computed)


def test_unknown_task_names_the_nearest():
    with pytest.raises(UserError, match=r"targets\[0\]: 'xnlii' .*Did you mean 'xnli'"):
        get_task("xnlii", "targets[0]")


@pytest.mark.parametrize("name", DATA_TASKS)
def test_sizes_are_of_existing_splits_and_agree(name):
    task = TASKS[name]
    assert set(task.sizes) <= set(task.files)
    assert set(task.sizes_of) <= set(task.languages)
    for language, sizes in task.sizes_of.items():
        assert set(sizes) <= set(task.splits(language))
        for split, size in sizes.items():
            assert task.size(language, split) == size
            released = task.sizes.get(split, (1, 10**7))
            low, high = released if isinstance(released, tuple) else (released, released)
            assert low <= size <= high, (language, split)
    assert (task.choices > 1) == (task.kind == "multiple_choice")
