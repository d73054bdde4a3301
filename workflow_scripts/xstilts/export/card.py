"""The model card of an exported stage."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from xstilts.export.heads import CLASSES, ENCODER
from xstilts.export.provenance import (
    UNKNOWN,
    base_source,
    data_rows,
    hub_datasets,
    licence_of_base,
    licences,
    seen_before,
    trained_languages,
)
from xstilts.export.usage import code_of, use_of
from xstilts.jobs.tables import NOTE
from xstilts.kinds import EMBEDDING_KINDS
from xstilts.manifest import read_manifest
from xstilts.numbers import DASH, number
from xstilts.paths import product

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xstilts.export.scores import Score
    from xstilts.export.stage import Stage
    from xstilts.export.usage import Written

TEMPLATE = Path(__file__).with_name("card.md.j2")


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What a user chose for the card, and the commands that it shows."""

    licence: str | None
    """Licence of the exported model, as the hub names it."""
    make: str
    """Command that makes the stage."""
    export: str
    """Command that wrote the folder."""


def write_card(
    stage: Stage,
    written: Written,
    scores: Sequence[Score],
    remarks: Iterable[str],
    choices: Choices,
    out: Path,
) -> None:
    """Write ``README.md`` with the hub's metadata.

    Args:
        stage: the stage.
        written: its model, already in the folder.
        scores: of its predictions.
        remarks: sentences about scores that are left out.
        choices: of the user.
        out: the folder.
    """
    rows = data_rows(stage)
    of_base = licence_of_base(stage)
    name = "-".join(stage.name.split("/")).replace("seed-", "seed")
    study, facts = stage.grid.study, stage.manifest.facts
    card = ModelCard.from_template(
        _metadata(stage, written, scores, choices.licence or of_base, name),
        template_path=str(TEMPLATE),
        model_name=name,
        chain=stage.text,
        version=facts.get("versions", {}).get("xstilts", ""),
        study=study.study,
        question=study.question,
        notes=[NOTE] if study.source == "microworld" else [],
        code=code_of(written),
        use=use_of(written),
        difference=f"{written.difference:.1g}",
        base_name=stage.base,
        base_text=base_source(stage),
        base_identity=_identity_of(Path(stage.grid.paths.base(stage.base))),
        stages=list(_stages(stage)),
        seen=seen_before(stage),
        data=rows,
        scores=[_row(score) for score in scores],
        protocols=" and ".join(f"`{name}`" for name in dict.fromkeys(s.protocol for s in scores)),
        replicates=f"{study.replicates:,}",
        remarks=[*remarks, *_remarks(stage, scores)],
        accepted=stage.manifest.accepted,
        licences=list(licences(stage, of_base, rows)),
        identity=stage.manifest.id,
        content=stage.manifest.content,
        versions=", ".join(f"{k} {v}" for k, v in facts.get("versions", {}).items()) or UNKNOWN,
        device=facts.get("device", UNKNOWN),
        make=choices.make,
        export=choices.export,
    )
    card.save(out / "README.md")


def _metadata(
    stage: Stage, written: Written, scores: Sequence[Score], licence: str | None, name: str
) -> ModelCardData:
    """Return the card's metadata in the hub's schema."""
    base = stage.grid.study.bases[stage.base]
    adapter = bool(written.parent)
    data = ModelCardData(
        language=_languages(stage, scores) or None,
        license=licence,
        library_name="peft" if adapter else "transformers",
        base_model=base.hub,
        datasets=hub_datasets(stage) or None,
        metrics=sorted({score.metric for score in scores}) or None,
        pipeline_tag=written.converted.head.pipeline,
        tags=["xstilts", "cross-lingual-transfer", *(["lora"] if adapter else [])],
        model_name=name if scores else None,
        eval_results=[_result(stage, score) for score in scores] or None,
    )
    if base.hub:
        data["base_model_relation"] = "adapter" if adapter else "finetune"
    return data


def _result(stage: Stage, score: Score) -> EvalResult:
    """Return a score in the schema of the hub's model index."""
    task = stage.grid.study.known_tasks[score.task]
    real = stage.grid.study.source != "microworld"
    return EvalResult(
        task_type=CLASSES[score.kind].pipeline if score.kind in CLASSES else ENCODER.pipeline,
        dataset_type=task.hub.repo if task.hub and real else score.task,
        dataset_name=f"{score.target} ({score.language})",
        dataset_config=score.language,
        dataset_split=score.split,
        metric_type=score.metric,
        metric_name=f"{score.metric} (0-100, protocol {score.protocol})",
        metric_value=round(score.value, 4),
    )


def _languages(stage: Stage, scores: Sequence[Score]) -> list[str]:
    """Return the languages of training and scores by ISO 639; none of invented languages."""
    if stage.grid.study.source == "microworld":
        return []
    found = [*trained_languages(stage), *(score.language for score in scores)]
    return sorted({code.partition("_")[0].partition("-")[0] for code in found})


def _stages(stage: Stage) -> list[dict[str, Any]]:
    """Return a row per trained stage of the chain, the last one at the end."""
    return [
        {
            "name": product(path.as_posix()),
            "mixture": ", ".join(manifest.identity["declared"]["mixture"]),
            "seed": manifest.identity["declared"]["seed"],
            "id": manifest.id,
            "recipe": yaml.safe_dump(manifest.identity["declared"]["recipe"]).strip(),
        }
        for path, manifest in stage.trained()
    ]


def _identity_of(base: Path) -> str:
    return f"`{read_manifest(base).id}`" if base.is_file() else DASH


def _row(score: Score) -> dict[str, Any]:
    """Return the cells of a score's row."""
    known = not math.isnan(score.low)
    return {
        "target": f"{score.target}{' ‡' if score.corpus else ''}",
        "language": score.language,
        "metric": score.metric,
        "value": number(score.value),
        "interval": f"{number(score.low)} to {number(score.high)}" if known else DASH,
        "examples": f"{score.examples:,}",
    }


def _remarks(stage: Stage, scores: Sequence[Score]) -> list[str]:
    """Return sentences on missing intervals, vectors, and evaluated text that was trained on."""
    lacking = {f"{score.target}: {score.remark}" for score in scores if score.remark}
    corpora = {f"{score.target}: text of {score.corpus}" for score in scores if score.corpus}
    targets = stage.grid.names.all_targets
    vectors = {
        score.target
        for score in scores
        if score.kind in EMBEDDING_KINDS and not targets[score.target].members
    }
    found = [f"Without an interval: {text}." for text in sorted(lacking)]
    found += [
        f"{target} compares sentence vectors of the hidden states that the protocol prescribes, "
        "without the head."
        for target in sorted(vectors)
    ]
    return found + [f"‡ {text} was also trained on." for text in sorted(corpora)]
