"""The microworld version of a study: `scale: microworld` replaces real data by a generated world.

Strategies and targets stay, so that the chains are those of the full study; models, data, recipes
and seeds are replaced, and languages in mixtures are mapped to invented ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from xstilts.config.section import Section
from xstilts.config.texts import Language
from xstilts.config.without import without

if TYPE_CHECKING:
    from collections.abc import Mapping

Scale = Literal["full", "microworld"]

SUFFIX = "-microworld"
"""Suffix of the study's name, so that the microworld version has its own results folder."""


class MicroworldScale(Section):
    """The microworld version of the study: replaced languages, strategies and keys."""

    languages: dict[str, Language] = Field(
        {}, description="Invented language for each language in a mixture."
    )
    without: list[str] = Field(
        [], description="Strategies to leave out, such as those that need a translation model."
    )
    replace: dict[str, Any] = Field(
        {},
        description="Replacements of top-level keys of the study, such as `bases`; `recipes` is "
        "merged key by key.",
    )


SOURCE_LANGUAGE = "qaa"

REPLACED: dict[str, Any] = {
    "source": "microworld",
    "source_language": SOURCE_LANGUAGE,
    "sources": {},
    "data_root": None,
    "text": [],
    "translations": {},
    "parallel": {},
    # one seed, to run in minutes; intervals then cover the examples only
    "seeds": [1],
    # small models leave a GPU idle most of the time
    "resources": {"jobs_per_gpu": 4},
    # as in the default study (config.yaml), which shows transfer in minutes
    "microworld": {
        "languages": 5,
        "difficulty": "easy",
        "text": 4000,
        "sizes": {"train": 2000, "validation": 60, "test": 150},
        "tasks": {
            "tatoeba": {"train": 1, "validation": 1, "test": 150},
            **{name: {"difficulty": "hard"} for name in ("anli", "anli_r3")},
        },
    },
    "bases": {
        "mini": {
            "pretrain": {
                "architecture": {
                    "hidden_size": 128,
                    "num_layers": 2,
                    "num_heads": 4,
                    "intermediate_size": 256,
                    "max_length": 128,
                    "dropout": 0,
                },
                "vocab_size": 2000,
            }
        }
    },
    "recipes": {
        "all": {
            "selection": "last",
            "batch_size": 16,
            "learning_rate": 1e-3,
            "max_length": 128,
            "doc_stride": 64,
        },
        "pretrain": {
            "learning_rate": 2e-3,
            "adam_beta2": 0.98,
            "mlm_probability": 0.35,
            "warmup": 0.05,
            "batch_size": 32,
            "max_steps": 3000,
        },
        # lengths of generated sentences reveal labels: keep them mixed
        "intermediate": {"learning_rate": 5e-4, "epochs": 3, "sorted_batches": 4},
        # few target examples, so that an intermediate stage can matter
        "target": {"epochs": 8, "max_train_examples": 100, "sorted_batches": 4},
    },
}
"""Keys of the microworld version of every study, unless `microworld_scale.replace` sets them."""


def at_scale(config: Mapping[str, Any]) -> dict[str, Any]:
    """Apply `scale` to a configuration before validation; wrong types are left as they are."""
    section = config.get("microworld_scale") or {}
    if config.get("scale") != "microworld" or not isinstance(section, dict):
        return dict(config)
    replaced = section.get("replace") or {}
    small = {**config, **REPLACED, **replaced}
    if isinstance(recipes := replaced.get("recipes"), dict):
        small["recipes"] = _merged(REPLACED["recipes"], recipes)
    small["study"] = f"{config.get('study')}{SUFFIX}"
    codes = {str(config.get("source_language", "en")): SOURCE_LANGUAGE}
    codes |= section.get("languages") or {}
    dropped = section.get("without") or []
    if isinstance(strategies := small.get("strategies"), dict):
        pairs = small.get("contrasts")
        left, kept_pairs = without(strategies, pairs if isinstance(pairs, list) else [], dropped)
        small["strategies"] = {name: _in_world(stages, codes) for name, stages in left.items()}
        if isinstance(pairs, list):
            small["contrasts"] = kept_pairs
    for key in ("stages", "targets"):
        if isinstance(found := small.get(key), dict):
            kept = key in replaced
            small[key] = {name: _scaled(one, codes, kept) for name, one in found.items()}
    return small


def _merged(wide: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two mappings recursively; the second one wins."""
    both = {**wide, **own}
    for key, value in own.items():
        if isinstance(value, dict) and isinstance(wide.get(key), dict):
            both[key] = _merged(wide[key], value)
    return both


def _scaled(section: Any, codes: Mapping[str, str], kept: bool) -> Any:
    """Return the microworld version of a stage or target: all languages, only sampling recipes."""
    if not isinstance(section, dict):
        return section
    small = dict(section)
    if "languages" in small:
        small["languages"] = "all"
    for key in ("train", "mixture"):
        if key in small:
            small[key] = _in_world(small[key], codes)
    if not kept and isinstance(recipe := small.get("recipe"), dict):
        small["recipe"] = {key: recipe[key] for key in recipe if key.startswith("sampling")}
    return small


def _in_world(mixture: Any, codes: Mapping[str, str]) -> Any:
    """Replace the languages in a mixture (or a list of them) by invented ones."""
    if isinstance(mixture, list):
        return [_in_world(part, codes) for part in mixture]
    if not isinstance(mixture, str) or "@" not in mixture:
        return mixture
    task, _, language = mixture.partition("@")
    code, colon, origin = language.partition(":")
    return f"{task}@{codes.get(code, code)}{colon}{origin}"
