"""Where machine-translated training data comes from: files, or a model that is run here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from xstilts.config.section import Section


class TranslationModel(Section):
    """A sequence-to-sequence model: exactly one of `hub` and `path`."""

    hub: str | None = Field(
        None,
        description="Model id on the Hugging Face hub, as in `facebook/nllb-200-distilled-600M`.",
    )
    path: str | None = Field(None, description="Folder with a Hugging Face checkpoint.")
    revision: str | None = Field(None, description="Commit of the hub model; pins the weights.")
    codes: dict[str, str] = Field(
        {},
        description="Language to the model's own code for it, where the two differ; NLLB's codes "
        "(`deu_Latn`) are known.",
    )
    beams: int = Field(4, ge=1, description="Beams of the search; 1 is greedy.")
    max_length: int = Field(
        256, ge=8, description="Longest text and longest translation, in the model's tokens."
    )
    sentences: bool = Field(
        True, description="Translate sentence by sentence, as such models are trained."
    )
    precision: Literal["fp32", "bf16"] = Field("fp32", description="Arithmetic of the model.")

    @model_validator(mode="after")
    def _exactly_one_origin(self) -> TranslationModel:
        given = [key for key in ("hub", "path") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of hub, path (found: {', '.join(given) or 'none'})")
        if self.revision is not None and self.hub is None:
            raise ValueError("revision goes with hub")
        return self


class Translations(Section):
    """Machine-translated training data: files where a task has some, else the model."""

    files: dict[str, str] = Field(
        {},
        description="Task to its translated training file, in the format of the task's release; "
        "`{language}` and `{data_root}` are filled in.",
    )
    model: TranslationModel | None = Field(
        None, description="Translates the source language's training set of all other tasks."
    )
