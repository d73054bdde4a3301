"""The same study in small: `scale: microworld` puts a generated world in place of the real data.

Strategies and targets stay, so that the chains are those of the full study; models, data, recipes
and seeds are replaced, and languages in mixtures get an invented one to stand for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from xstilts.config.section import Section

if TYPE_CHECKING:
    from collections.abc import Mapping

Scale = Literal["full", "microworld"]

SUFFIX = "-microworld"
"""Ends the name of the study, so that its results have a folder of their own."""


class MicroworldScale(Section):
    """How the study is run in small: what stands for what, and what is left out."""

    languages: dict[str, str] = Field(
        {}, description="Language in a mixture to the invented one that stands for it."
    )
    without: list[str] = Field(
        [], description="Strategies that need what there is not, such as a translation model."
    )
    replace: dict[str, Any] = Field(
        {},
        description="Keys of the study that are others here, whole, as in `bases`; "
        "`recipes` key by key.",
    )


SOURCE_LANGUAGE = "qaa"

REPLACED: dict[str, Any] = {
    "source": "microworld",
    "source_language": SOURCE_LANGUAGE,
    "data_root": None,
    "text": [],
    "translations": {},
    "parallel": {},
    # one, for minutes; intervals are then of the examples only
    "seeds": [1],
    # small models leave a GPU idle most of the time
    "resources": {"jobs_per_gpu": 4},
    # as in the default study (config.yaml), whose world shows transfer in minutes
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
        # the lengths of generated sentences tell labels: keep them mixed
        "intermediate": {"learning_rate": 5e-4, "epochs": 3, "sorted_batches": 4},
        # few examples of the target itself: where a step before it can matter
        "target": {"epochs": 8, "max_train_examples": 100, "sorted_batches": 4},
    },
}
"""Keys that every study has in small, unless its `microworld_scale.replace` says otherwise."""


def at_scale(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration as its `scale` says; not yet checked, wrong shapes are left as they are."""
    section = config.get("microworld_scale") or {}
    if config.get("scale") != "microworld" or not isinstance(section, dict):
        return dict(config)
    replaced = section.get("replace") or {}
    small = {**config, **REPLACED, **replaced}
    if isinstance(recipes := replaced.get("recipes"), dict):
        small["recipes"] = _over(REPLACED["recipes"], recipes)
    small["study"] = f"{config.get('study')}{SUFFIX}"
    codes = {str(config.get("source_language", "en")): SOURCE_LANGUAGE}
    codes |= section.get("languages") or {}
    without = section.get("without") or []
    if isinstance(strategies := small.get("strategies"), dict):
        small["strategies"] = {
            name: _in_world(stages, codes)
            for name, stages in strategies.items()
            if name not in without
        }
        if isinstance(pairs := small.get("contrasts"), list):
            small["contrasts"] = [pair for pair in pairs if not set(pair) & set(without)]
    for key in ("stages", "targets"):
        if isinstance(found := small.get(key), dict):
            kept = key in replaced
            small[key] = {name: _small(one, codes, kept) for name, one in found.items()}
    return small


def _over(wide: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping with values of another in place of its own; mappings inside it, too."""
    both = {**wide, **own}
    for key, value in own.items():
        if isinstance(value, dict) and isinstance(wide.get(key), dict):
            both[key] = _over(wide[key], value)
    return both


def _small(section: Any, codes: Mapping[str, str], kept: bool) -> Any:
    """A stage or target in the world: all its languages, and no recipe for large models."""
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
    """A mixture (or a list of them) with invented languages for those that are named."""
    if isinstance(mixture, list):
        return [_in_world(part, codes) for part in mixture]
    if not isinstance(mixture, str) or "@" not in mixture:
        return mixture
    task, _, language = mixture.partition("@")
    code, colon, origin = language.partition(":")
    return f"{task}@{codes.get(code, code)}{colon}{origin}"
