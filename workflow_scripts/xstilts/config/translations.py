"""Sources of machine-translated training data: files, or a translation model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from xstilts.config.section import Section
from xstilts.config.texts import HubName, Language, Revision, UserPath


class TranslationModel(Section):
    """A sequence-to-sequence model: exactly one of `hub` and `path`."""

    hub: HubName | None = Field(
        None,
        description="Model id on the Hugging Face Hub, as in `facebook/nllb-200-distilled-600M`.",
    )
    path: UserPath | None = Field(None, description="Folder of a Hugging Face checkpoint.")
    revision: Revision | None = Field(
        None, description="Commit of the Hub model, which pins the weights."
    )
    codes: dict[Language, str] = Field(
        {},
        description="The model's language codes, where they differ from the study's; NLLB's codes "
        "(`deu_Latn`) are built in.",
    )
    beams: int = Field(4, ge=1, description="Beam size; 1 is greedy search.")
    max_length: int = Field(
        256, ge=8, description="Maximum length of source and translation in the model's tokens."
    )
    sentences: bool = Field(
        True, description="Translate sentence by sentence, as most models are trained."
    )
    precision: Literal["fp32", "bf16"] = Field("fp32", description="Precision of the model.")

    @model_validator(mode="after")
    def _exactly_one_origin(self) -> TranslationModel:
        given = [key for key in ("hub", "path") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of hub, path (found: {', '.join(given) or 'none'})")
        if self.revision is not None and self.hub is None:
            raise ValueError("revision needs hub")
        return self


class Translations(Section):
    """Machine-translated training data: from a file if the task has one, otherwise by the model."""

    files: dict[str, UserPath] = Field(
        {},
        description="Translated training file of each task, in the format of its release; "
        "`{language}`, `{task}` and `{data_root}` are replaced.",
    )
    model: TranslationModel | None = Field(
        None, description="Model that translates the source-language training sets of other tasks."
    )
