"""Smaller versions of a study: `scale: small` and `scale: microworld`.

Strategies and targets stay as far as possible, so that the chains are those of the full study.
`small` trains a small real encoder on the first examples of real data; `microworld` replaces models
and data by a generated world, and languages in mixtures by invented ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from xstilts.config.section import Section
from xstilts.config.texts import Language
from xstilts.config.without import without
from xstilts.errors import UserError, unknown
from xstilts.prior_training import KNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Scale = Literal["full", "small", "microworld"]


class ScaledVersion(Section):
    """A smaller version of the study: replaced languages, strategies and keys."""

    languages: dict[str, Language] = Field(
        {},
        description="Other language for each language in a mixture; in the microworld, an invented "
        "one.",
    )
    without: list[str] = Field(
        [], description="Strategies to leave out, such as those that need a translation model."
    )
    replace: dict[str, Any] = Field(
        {},
        description="Replacements of top-level keys of the study, such as `bases`; `recipes` is "
        "merged key by key.",
    )


SMALL_MODEL = "intfloat/multilingual-e5-small"
"""Encoder of the small versions: 12 layers of width 384, 94 languages (MIT licence)."""

SMALL: dict[str, Any] = {
    "parallel": {},
    # text and translations of the full study are larger than all other data
    "text": [],
    "translations": {},
    "seeds": [1, 2, 3],
    "resources": {"jobs_per_gpu": 2},
    "bases": {"e5-small": {"hub": SMALL_MODEL}},
    # predictions are most of the work
    "prediction_precision": "bf16",
    "recipes": {
        "all": {
            # short trainings: no need to select weights
            "selection": "last",
            "batch_size": 32,
            "learning_rate": 1e-4,
            "precision": "bf16",
            "max_length": 128,
            "doc_stride": 64,
        },
        "intermediate": {"max_train_examples": 2000, "epochs": 2},
        "target": {"max_train_examples": 500, "epochs": 3},
    },
}
"""Keys of the small version of every study, unless `small_scale.replace` sets them."""

SOURCE_LANGUAGE = "qaa"

MICROWORLD: dict[str, Any] = {
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


@dataclass(frozen=True, slots=True)
class _Version:
    """Changes of all studies at one scale."""

    replaced: Mapping[str, Any]
    """Keys of every study."""
    source_language: str | None
    """Language of training sets without `@LANGUAGE`; None for that of the study."""
    every_language: bool
    """True if targets are evaluated in all languages, whichever the study lists."""


_VERSIONS = {
    "small": _Version(SMALL, None, every_language=False),
    "microworld": _Version(MICROWORLD, SOURCE_LANGUAGE, every_language=True),
}


def at_scale(config: Mapping[str, Any]) -> dict[str, Any]:
    """Apply `scale` to a configuration before validation; wrong types are left as they are.

    The section `SCALE_scale` has the study's own changes. The study's name gets the suffix
    `-SCALE`, so that each version has its own results folder.
    """
    scale = str(config.get("scale", "full"))
    section = config.get(f"{scale}_scale") or {}
    if scale not in _VERSIONS or not isinstance(section, dict):
        return dict(config)
    version = _VERSIONS[scale]
    own = section.get("replace") or {}
    scaled = {**config, **version.replaced, **own}
    if isinstance(recipes := own.get("recipes"), dict):
        scaled["recipes"] = _merged(version.replaced["recipes"], recipes)
    scaled["study"] = f"{config.get('study')}-{scale}"
    codes = dict(section.get("languages") or {})
    if version.source_language:
        codes = {str(config.get("source_language", "en")): version.source_language} | codes
    dropped = _names(section.get("without"))
    if isinstance(strategies := scaled.get("strategies"), dict):
        pairs = scaled.get("contrasts")
        left, kept_pairs = without(strategies, pairs if isinstance(pairs, list) else [], dropped)
        scaled["strategies"] = {name: _in_codes(stages, codes) for name, stages in left.items()}
        if isinstance(pairs, list):
            scaled["contrasts"] = kept_pairs
    for key in ("stages", "targets"):
        if isinstance(found := scaled.get(key), dict):
            scaled[key] = {
                name: _scaled(one, codes, kept=key in own, all_languages=version.every_language)
                for name, one in found.items()
            }
    return scaled


def check_without(config: Mapping[str, Any], where: Callable[[tuple[str | int, ...]], str]) -> None:
    """Check that the smaller versions of a study leave out strategies that it has.

    Args:
        config: the configuration, before :func:`at_scale`.
        where: file and line of a key path.

    Raises:
        UserError: no such strategy; names the nearest one.
    """
    for key in (f"{scale}_scale" for scale in _VERSIONS):
        section = config.get(key)
        if not isinstance(section, dict):
            continue
        known: list[str] = []
        for part in (config, section.get("replace")):
            strategies = part.get("strategies") if isinstance(part, dict) else None
            known += strategies if isinstance(strategies, dict) else ()
        for index, name in enumerate(_names(section.get("without"))):
            if known and name not in known:
                raise unknown("strategy", name, known, where((key, "without", index)))


def _names(value: Any) -> list[str]:
    """Return a list of names; empty for other values, which the validation rejects."""
    return value if isinstance(value, list) and all(isinstance(n, str) for n in value) else []


def with_small_base(config: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Apply `small_base`: read multilingual-e5-small from a folder instead of the Hub.

    The folder's model counts as trained on what the Hub model was trained on, unless the base says
    otherwise.

    Args:
        config: the configuration, at its scale.
        where: file and line of the key, for messages.

    Raises:
        UserError: no base of the study is that model.
    """
    folder, bases = config.get("small_base"), config.get("bases")
    if folder is None or not isinstance(bases, dict):
        return dict(config)
    prior = list(KNOWN[SMALL_MODEL].tasks)
    found = {
        name: {"trained_on": prior, **_without_hub(base), "path": folder}
        for name, base in bases.items()
        if isinstance(base, dict) and base.get("hub") == SMALL_MODEL
    }
    if not found:
        raise UserError(
            f"{where}: no base of this study is {SMALL_MODEL}, whose folder "
            "this key gives. Remove it, or add `scale: small`."
        )
    return {**config, "bases": bases | found}


def _without_hub(base: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in base.items() if key not in ("hub", "revision")}


def _merged(wide: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two mappings recursively; the second one wins."""
    both = {**wide, **own}
    for key, value in own.items():
        if isinstance(value, dict) and isinstance(wide.get(key), dict):
            both[key] = _merged(wide[key], value)
    return both


def _scaled(section: Any, codes: Mapping[str, str], *, kept: bool, all_languages: bool) -> Any:
    """Return the smaller version of a stage or target; of recipes only the sampling stays.

    Args:
        section: the stage or target.
        codes: other languages for those in mixtures.
        kept: True if its recipe is meant for this scale.
        all_languages: evaluate all languages.
    """
    if not isinstance(section, dict):
        return section
    scaled = dict(section)
    if all_languages and "languages" in scaled:
        scaled["languages"] = "all"
    for key in ("train", "mixture"):
        if key in scaled:
            scaled[key] = _in_codes(scaled[key], codes)
    if not kept and isinstance(recipe := scaled.get("recipe"), dict):
        scaled["recipe"] = {key: recipe[key] for key in recipe if key.startswith("sampling")}
    return scaled


def _in_codes(mixture: Any, codes: Mapping[str, str]) -> Any:
    """Replace the languages in a mixture (or a list of them)."""
    if isinstance(mixture, list):
        return [_in_codes(part, codes) for part in mixture]
    if not isinstance(mixture, str) or "@" not in mixture:
        return mixture
    task, _, language = mixture.partition("@")
    code, colon, origin = language.partition(":")
    return f"{task}@{codes.get(code, code)}{colon}{origin}"
