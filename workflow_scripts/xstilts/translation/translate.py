"""Translates a training set in chunks, which are kept so that an interrupted job can resume."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from xstilts.device import device_name, device_of
from xstilts.features import load
from xstilts.files import read_json, write_json
from xstilts.identity import digest
from xstilts.translation.model import TranslationModel
from xstilts.translation.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xstilts.kinds import Row
    from xstilts.translation.fields import Translated

LOGGER = logging.getLogger(__name__)

CHUNK = 4096
"""Number of sentences that are translated and kept at a time."""


def translate_rows(
    rows: Sequence[Row],
    folder: Path,
    identity: dict[str, Any],
    *,
    state: Path,
    max_tokens: int,
    device: str = "auto",
) -> tuple[Translated, dict[str, Any]]:
    """Return translated examples, and facts for the manifest.

    Args:
        rows: examples in the schema of their kind.
        folder: checkpoint of the model.
        identity: declared identity of the data set: its ``kind`` (the module
            ``xstilts.translation.KIND`` translates it), ``language`` and ``source``.
        state: folder of finished chunks, from which an interrupted job resumes.
        max_tokens: padded tokens of a batch times beams.
        device: ``auto`` is the GPU if available.

    Raises:
        UserError: the model cannot be loaded, or does not know a language.
    """
    target = device_of(device)
    source = identity["source"]
    model = TranslationModel(
        folder,
        (source["translation_from"], identity["language"]),
        source["codes"],
        beams=source["beams"],
        max_length=source["max_length"],
        precision=source["precision"],
        device=target,
    )

    def in_chunks(texts: Sequence[str]) -> list[str]:
        return translate_in_chunks(texts, model, state, max_tokens)

    texts = Texts(in_chunks, sentences=source["sentences"])
    module = load("translation", identity["kind"])
    result: Translated = module.translate_rows(rows, texts)
    facts = {"sentences": texts.asked, "distinct": texts.distinct, "cut": model.cut}
    return result, facts | {"device": device_name(target)}


def translate_in_chunks(
    texts: Sequence[str], model: TranslationModel, state: Path, max_tokens: int
) -> list[str]:
    """Translate texts; each finished chunk is saved, and loaded when the job resumes.

    Chunks consist of texts of similar length and do not depend on interruptions, so neither do
    the translations.
    """
    token_ids = model.encode(texts)
    order = sorted(range(len(texts)), key=lambda i: (-len(token_ids[i]), texts[i]))
    found: dict[int, str] = {}
    for start in range(0, len(order), CHUNK):
        chunk = order[start : start + CHUNK]
        file = state / f"{digest([texts[i] for i in chunk])}.json"
        if file.is_file():
            translations = read_json(file)
        else:
            translations = model.translate([token_ids[i] for i in chunk], max_tokens)
            write_json(file, translations)
        found |= dict(zip(chunk, translations, strict=True))
        LOGGER.info("%d of %d sentences translated", len(found), len(order))
    return [found[i] for i in range(len(texts))]
