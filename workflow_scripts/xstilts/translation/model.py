"""Translates from one language to another with a sequence-to-sequence model of Hugging Face."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from xstilts.errors import UserError, suggestion


class TranslationModel:
    """A model and its tokenizer, configured for one pair of languages."""

    def __init__(
        self,
        folder: Path,
        languages: tuple[str, str],
        codes: Mapping[str, str | None],
        *,
        beams: int,
        max_length: int,
        precision: str,
        device: torch.device,
    ) -> None:
        """Load a checkpoint.

        Args:
            folder: the checkpoint.
            languages: source language and target language.
            codes: the model's code of a language to try first, by language.
            beams: number of beams; 1 is greedy search.
            max_length: maximum tokens of a text and of a translation, special tokens included.
            precision: ``fp32`` or ``bf16``.
            device: device of the model.

        Raises:
            UserError: no such model, or it does not know one of the languages.
        """
        source, target = languages
        dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
        try:
            options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
            self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, **options)
            self.model: Any = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=dtype, **options)
        except (OSError, ValueError, ImportError) as error:
            raise UserError(
                f"translations.model: {folder} cannot be loaded as a sequence-to-sequence model: "
                f"{error}"
            ) from error
        self.model.to(device).eval()
        self.max_length, self.cut = max_length, 0
        """cut: number of texts that were truncated to ``max_length``."""
        self._settings: dict[str, Any] = {
            "num_beams": beams,
            "do_sample": False,
            "max_new_tokens": max_length,
        }
        self._prefix = ""
        known = language_codes(self.tokenizer)
        if not known:
            return
        chosen = _choose(known, target, codes.get(target), folder)
        if known[chosen] is None:
            self._prefix = f">>{chosen}<< "
            return
        self._settings["forced_bos_token_id"] = known[chosen]
        self.tokenizer.src_lang = _choose(known, source, codes.get(source), folder)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of texts, special tokens included; long texts are truncated."""
        found: list[list[int]] = []
        # verbose=False: no warning, since the study's limit applies, not the tokenizer's
        for text in texts:
            ids = self.tokenizer(self._prefix + text, verbose=False)["input_ids"]
            if len(ids) > self.max_length:
                self.cut += 1
                ids = self.tokenizer(
                    self._prefix + text, truncation=True, max_length=self.max_length
                )["input_ids"]
            found.append(ids)
        return found

    @torch.inference_mode()
    def translate(self, token_ids: Sequence[Sequence[int]], max_tokens: int) -> list[str]:
        """Translate encoded texts; returns the translations in the same order.

        Args:
            token_ids: from :meth:`encode`.
            max_tokens: padded tokens of a batch times beams; affects speed and memory only.
        """
        order = sorted(range(len(token_ids)), key=lambda i: (-len(token_ids[i]), i))
        found: dict[int, str] = {}
        for batch in self._batches(order, token_ids, max_tokens):
            inputs = self.tokenizer.pad(
                {"input_ids": [list(token_ids[i]) for i in batch]}, return_tensors="pt"
            ).to(self.model.device)
            output = self.model.generate(**inputs, **self._settings)
            texts = self.tokenizer.batch_decode(
                output, skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
            found |= {i: text.strip() for i, text in zip(batch, texts, strict=True)}
        return [found[i] for i in range(len(token_ids))]

    def _batches(
        self, order: Sequence[int], token_ids: Sequence[Sequence[int]], max_tokens: int
    ) -> Iterator[list[int]]:
        """Yield batches of indices of similar length, longest first to run out of memory early."""
        batch: list[int] = []
        for index in order:
            longest = len(token_ids[batch[0]]) if batch else len(token_ids[index])
            size = longest * (len(batch) + 1) * self._settings["num_beams"]
            if batch and size > max_tokens:
                yield batch
                batch = []
            batch.append(index)
        if batch:
            yield batch


def language_codes(tokenizer: Any) -> dict[str, int | None]:
    """The language codes of a tokenizer, each with the first token of a translation into it.

    M2M100, MBart and NLLB have one token per language. Multilingual Marian models have a prefix
    in the text (None); models of one pair of languages have no codes.
    """
    if hasattr(tokenizer, "get_lang_id"):  # M2M100
        return {code: tokenizer.get_lang_id(code) for code in tokenizer.lang_code_to_token}
    if getattr(tokenizer, "lang_code_to_id", None):  # MBart, MBart-50
        return dict(tokenizer.lang_code_to_id)
    if prefixes := getattr(tokenizer, "supported_language_codes", None):  # Marian
        return {str(prefix).strip("<>"): None for prefix in prefixes}
    if hasattr(tokenizer, "src_lang"):  # NLLB
        names = (str(token) for token in tokenizer.added_tokens_encoder)
        return {
            name: tokenizer.convert_tokens_to_ids(name)
            for name in names
            if name not in tokenizer.special_tokens_map.values() and "_" in name
        }
    return {}


def _choose(known: Mapping[str, int | None], language: str, code: str | None, folder: Path) -> str:
    """The model's code for a language: the given code, the language, or one with a region."""
    regional = [name for name in known if name.split("_")[0] == language]
    # Marian's codes omit the script of a language with only one
    bare = [code.split("_")[0]] if code else []
    for name in (code, language, *regional, *bare):
        if name in known:
            return str(name)
    raise UserError(
        f"translations.model: {folder.name} does not know the language {language!r} (code "
        f"{code!r}).{suggestion(code or language, known)} Set translations.model.codes.{language}."
    )
