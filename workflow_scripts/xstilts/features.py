"""The features of studies and their modules, for loading and for identities.

A *feature* is code that some products use and others do not: a job, an option of a recipe, or the
module of one kind of task. Modules of an option are imported inside the function that needs them;
those of a kind are loaded with :func:`load`. The code fingerprint of a product
(``xstilts.fingerprint``) covers the features that the product uses. A change in the LoRA code, for
example, does not affect stages without LoRA.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from xstilts.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

_JOBS: Mapping[str, tuple[str, ...]] = {
    "data": ("xstilts.data.prepare", "xstilts.data.schemas", "xstilts.jobs.data"),
    "microworld": ("xstilts.microworld",),
    "text": ("xstilts.data.text",),
    "translation": ("xstilts.translation.translate",),
    "overlap": ("xstilts.data.overlap",),
    "tokenizer": ("xstilts.tokens.unigram",),
    "tokens": ("xstilts.tokens.prepare",),
    "checkpoint": ("xstilts.models.encoder", "xstilts.tokens.published"),
    "training": ("xstilts.training.loop", "xstilts.tokens.labels"),
    "prediction": ("xstilts.prediction.run",),
    "scores": ("xstilts.results.score",),
    "trivial_baselines": ("xstilts.trivial_baselines.run",),
    "submission": ("xstilts.submission.write",),
}
"""Type of job to the modules that all such jobs use."""

_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "lora": ("xstilts.models.adapters",),
    "padding_free": ("xstilts.models.packed",),
    "compile": ("xstilts.models.compiled",),
    "prefixes": ("xstilts.tokens.prefixes",),
    "contrastive": ("xstilts.training.pairs", "xstilts.training.cached_gradient"),
    "selection": ("xstilts.training.selection",),
}
"""Option of a recipe, of a protocol or of a kind of task, to the modules that only products with it
use."""

OPTIONAL: dict[str, tuple[str, ...]] = {
    "data": ("microworld", "text"),
    "training": ("lora", "padding_free", "compile", "contrastive"),
    "prediction": ("lora",),
    "checkpoint": ("lora",),
}
"""Feature to those that some of its products use: identities name them where they are used."""

_SCORED = "classification mining multiple_choice ranking retrieval span tagging".split()

_BY_NAME: Mapping[str, Mapping[str, str]] = {
    role: {name: f"xstilts.{prefix}{name}" for name in names}
    for role, prefix, names in (
        ("tokens", "tokens.", [*_SCORED, "mlm"]),
        (
            "head",
            "models.head_",
            "classification mlm multiple_choice ranking span tagging".split(),
        ),
        ("prediction", "prediction.", _SCORED),
        # kinds, and tasks with scoring rules of their own
        ("metrics", "metrics.", [*_SCORED, "class_f1", "mlqa", "squad_v2"]),
        (
            "trivial_baselines",
            "trivial_baselines.",
            "classification multiple_choice retrieval span tagging".split(),
        ),
        ("translation", "translation.", "classification multiple_choice span".split()),
        (
            "format",
            "submission.formats.",
            "answers answers_mlqa choices entities labels line_numbers pairs tags".split(),
        ),
    )
}
"""Role to name (a kind of task, a scorer, a file format) to the module with that role."""

FEATURES: dict[str, tuple[str, ...]] = {
    **_JOBS,
    **_OPTIONS,
    **{f"{role}/{name}": (m,) for role, found in _BY_NAME.items() for name, m in found.items()},
}
"""Feature to its modules; named ``ROLE/NAME`` for those that :func:`load` loads."""


def names_of(role: str) -> list[str]:
    """Return the kinds (scorers, formats) with a module for a role, such as ``prediction``."""
    return list(_BY_NAME[role])


def load(role: str, name: str) -> Any:
    """Import the module with a role for a kind of task, a scorer or a file format.

    Args:
        role: ``tokens``, ``head``, ``prediction``, ``metrics``, ``trivial_baselines``,
            ``translation`` or ``format``.
        name: such as ``classification``.

    Raises:
        UserError: no such module exists; lists the known names.
    """
    if name not in _BY_NAME[role]:
        raise unknown(f"kind with {role}", name, _BY_NAME[role], "kind")
    return importlib.import_module(_BY_NAME[role][name])
