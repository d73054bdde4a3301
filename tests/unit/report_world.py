"""A small finished study on disk for the tests of the report: scores, models, data, predictions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from score_files import Found, Wanted, make_cells

from xstilts.data.schemas import SCHEMAS
from xstilts.files import write_json, write_text
from xstilts.prediction.schemas import PREDICTION_SCHEMAS
from xstilts.report.source import CellFiles, Source
from xstilts.results.render import Header, write_tables
from xstilts.training import history, selection
from xstilts.training.data_map import DATA_MAP_SCHEMA

HEADER = Header(
    study="demo",
    protocol="recommended",
    baseline="none",
    seeds=(1, 2),
    replicates=2000,
    question="Does NLI <help>?",
    notes=("Microworld: no evidence about human languages.",),
)
KINDS = {"xnli": "classification", "xquad": "span", "tatoeba": "retrieval"}
PROPERTIES = (
    {"code": "en", "name": "Mini", "order": "SVO", "script": "latin", "overlap": 1.0,
     "resource": 1.0, "articles": True},
    {"code": "sw", "name": "Far", "order": "SOV", "script": "greek", "overlap": 0.2,
     "resource": 0.4, "articles": False},
)  # fmt: skip

DATA_MAP = [
    {"task": "mnli", "language": "en", "example": at, "window": 0, "epochs": epochs,
     "confidence": confidence, "variability": variability}
    for at, (epochs, confidence, variability) in enumerate(
        # easy, easy, hard, ambiguous, and one that was trained on once
        [(3, 0.99, 0.01), (3, 0.98, 0.01), (3, 0.1, 0.05), (3, 0.5, 0.4), (1, 0.3, 0.0)]
    )
]  # fmt: skip


def make_study(folder: Path, grid: dict[Wanted, Found], names: Iterable[str] = ()) -> Source:
    """Write tables of a grid and return the source of its report.

    Args:
        folder: the study's folder.
        grid: (strategy, target, seed) to scores by language, or the reason for missing ones.
        names: figures; by default all families and those of each target's languages.
    """
    write_tables(folder / "tables", make_cells(folder / "scores", grid), HEADER)
    targets = list(dict.fromkeys(target for _, target, _ in grid))
    families = ["transfer", "languages", *(f"languages/{target}" for target in targets)]
    families += ["properties", "gap", "seeds", "layers", "maps", "training", "selection", "cost"]
    return Source(
        root=folder,
        header=HEADER,
        source_language="en",
        strategies={name: f"{name} → target" for name, _, _ in grid},
        cells=tuple(_cell(*key) for key in grid),
        figures=tuple(names) or tuple(families),
        properties=PROPERTIES,
    )


def _cell(strategy: str, target: str, seed: int) -> CellFiles:
    folder = f"tiny/seed-{seed}/{strategy}/{target}"
    before = [] if strategy == "none" else [f"intermediate/tiny/seed-{seed}/{strategy}"]
    return CellFiles(
        model="tiny",
        strategy=strategy,
        target=target,
        seed=seed,
        task=target,
        kind=KINDS[target],  # type: ignore[arg-type]
        split="test",
        languages=("en", "sw"),
        folder=folder,
        stages=(*before, f"target/{folder}"),
    )


def train(source: Source, *, selected: bool = False) -> None:
    """Write the files of training: manifests, histories, benchmark files."""
    for cell in source.cells:
        for stage in cell.stages:
            folder = source.root / stage
            recipe = {"learning_rate": 0.001, "batch_size": 8}
            declared = {"recipe": recipe, "mixture": [f"{cell.task}@en"], "seed": cell.seed}
            facts = {"seconds": 36.0, "tokens": 1000, "steps": 100, "device": "cpu"}
            write_json(
                folder / "manifest.json",
                {"id": f"id-{Path(stage).name}-{cell.seed}", "identity": {"declared": declared},
                 "content": "c", "files": {}, "facts": facts},
            )  # fmt: skip
            steps = [
                {"step": step, "task": cell.task, "loss": 2.0 / (1 + step), "learning_rate": 0.1,
                 "grad_norm": 1.0, "tokens": 10, "seconds": 0.1}
                for step in range(200)
            ]  # fmt: skip
            _write(folder / "history.parquet", steps, history.SCHEMA)
            if stage.startswith("intermediate/"):
                _write(folder / "data_map.parquet", DATA_MAP, DATA_MAP_SCHEMA)
            if selected:
                rows = [
                    {"step": step, "task": cell.task, "language": "en", "metric": "accuracy",
                     "value": float(step)}
                    for step in (50, 100)
                ]  # fmt: skip
                _write(folder / "selection.parquet", rows, selection.SCHEMA)
            text = json.dumps({"s": 72.0, "max_rss": 500.0})
            write_text(source.root / f"benchmarks/{stage}.jsonl", text + "\n")


def predict(source: Source) -> None:
    """Write data of all targets and predictions of all cells, which are always wrong in "sw"."""
    for cell in source.cells:
        for language in cell.languages:
            data, predictions = _rows(cell.kind, language)
            file = f"data/{cell.task}/{language}/{cell.split}.parquet"
            _write(source.root / file, data, SCHEMAS[cell.kind])
            file = f"predictions/{cell.folder}/{language}.parquet"
            _write(source.root / file, predictions, PREDICTION_SCHEMAS[cell.kind])


def _rows(kind: str, language: str) -> tuple[list[dict], list[dict]]:
    right, numbers = language == "en", range(4)
    if kind == "classification":
        data = [
            {"id": f"i{n}", "text_a": f"{language} one <{n}>", "text_b": "two", "label": "neutral"}
            for n in numbers
        ]
        said = "neutral" if right else "entailment"
        return data, [
            {"id": f"i{n}", "gold": "neutral", "prediction": said, "probabilities": [1.0]}
            for n in numbers
        ]
    if kind == "span":
        data = [
            {"id": f"i{n}", "context": f"{language} context", "question": "who?",
             "answers": [{"text": "a b", "start": 0}]}
            for n in numbers
        ]  # fmt: skip
        return data, [
            {"id": f"i{n}", "gold": ["a b"], "prediction": "a b" if right else "", "score": 1.0}
            for n in numbers
        ]
    data = [
        {"id": f"{side[0]}{n}", "side": side, "text": f"{language} {side} {n}",
         "matches": [f"c{n}"] if side == "query" else []}
        for side in ("query", "candidate") for n in numbers
    ]  # fmt: skip
    return data, [
        {"id": f"q{n}", "layer": layer, "gold": [f"c{n}"], "score": 1.0,
         "prediction": f"c{n}" if right or layer != 2 else f"c{(n + 1) % 4}"}
        for layer in range(4) for n in numbers
    ]  # fmt: skip


def _write(path: Path, rows: list[dict], schema: pa.Schema) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
