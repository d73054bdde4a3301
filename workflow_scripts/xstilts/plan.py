"""What a study will cost before it runs: trainings, predictions, data, disk; from its grid alone.

Time is not guessed: it is that of the study's own finished jobs, per kind of model, or not given.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.chains import chain_label, translation_language
from xstilts.errors import UserError
from xstilts.grid import identities
from xstilts.grid.sources import requests
from xstilts.manifest import read_manifest
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xstilts.config.bases import Pretrain
    from xstilts.grid import Grid
    from xstilts.tasks.base import Split

BYTES = 4
"""Of a weight: fp32."""
HELD_BY_OPTIMISER = 3
"""A stage that runs keeps its weights and AdamW's two moments as training state."""


def plan(grid: Grid) -> Iterator[str]:
    """Lines for people: what the study trains, predicts, reads and stores."""
    study = grid.study
    yield f"{study.study}: {study.question or 'no question stated'}"
    yield ""
    yield from _trainings(grid)
    yield ""
    yield from _predictions(grid)
    yield ""
    yield from _data(grid)
    yield ""
    yield from _disk(grid)
    yield ""
    yield from _time(grid)


# --- trainings --------------------------------------------------------------------------------


def models(grid: Grid) -> dict[str, list[str]]:
    """Position in the chain to the manifests of the models that are trained there, each once."""
    found: dict[str, list[str]] = {}
    built = [base for base, settings in grid.study.bases.items() if settings.pretrain]
    found["pretrain"] = [grid.paths.base(base) for base in built]
    for base in grid.study.bases:
        for seed in grid.study.seeds:
            for chain in grid.intermediate_chains:
                stages = grid.stages_of(chain)
                place = grid.paths.intermediate(base, seed, stages)
                found.setdefault(f"intermediate {len(stages)}", []).append(place)
    trained = {
        path for path in grid.target_models() if path.startswith(f"{grid.paths.root}/target")
    }
    found["target"] = sorted(trained)
    return {position: paths for position, paths in found.items() if paths}


def naive_trainings(grid: Grid) -> int:
    """Trainings if each cell trained its whole chain for itself, without pretraining."""
    total = 0
    for c in grid.cells():
        trained = bool(grid.targets[c.target].members)
        # a stage that is joined with the target's own is no further one
        joined = trained and grid.joined(chain_label(c.stages)) is not None
        total += len(c.stages) + trained - joined
    return total


def _trainings(grid: Grid) -> Iterator[str]:
    found = models(grid)
    yield f"Trainings ({len(grid.study.bases)} bases, {len(grid.study.seeds)} seeds)"
    for position, paths in found.items():
        yield f"  {position:<16} {len(paths):>6}"
    total = sum(len(paths) for position, paths in found.items() if position != "pretrain")
    naive = naive_trainings(grid)
    prefixes = Counter(
        (c.base, c.seed, c.stages[:length])
        for c in grid.cells()
        for length in range(1, len(c.stages) + (grid.joined(chain_label(c.stages)) is None))
    )
    shared = sum(count > 1 for count in prefixes.values())
    yield f"  {'in all':<16} {total:>6}  after pretraining"
    yield f"  {'cell by cell':<16} {naive:>6}  if each cell trained its whole chain"
    yield f"  {'saved':<16} {naive - total:>6}  {shared} prefixes are shared by several cells"


def _predictions(grid: Grid) -> Iterator[str]:
    files = [path for path in grid.predictions() if path.endswith(".parquet")]
    cells = len(set(grid.scores()))
    yield f"Predictions: {len(files)} files, one per language of {cells} cells"


# --- data -------------------------------------------------------------------------------------


def data_sets(grid: Grid) -> dict[str, list[tuple[str, Split]]]:
    """Task to the (language, split) that the study reads."""
    found: dict[str, list[tuple[str, Split]]] = {}
    paths = (*grid.training_data(), *grid.selection_data(), *grid.evaluation_data())
    for path in dict.fromkeys(paths):
        _, _, _, task, language, split = path.removesuffix(".json").split("/")
        found.setdefault(task, []).append((language, split))  # type: ignore[arg-type]
    return dict(sorted(found.items()))


def missing(grid: Grid, task: str, language: str, split: Split) -> str:
    """What is not there of a data set; empty if it is, or if it is made here."""
    spec, study = TASKS[task], grid.study
    if study.source == "microworld":
        return ""
    if translation_language(language):
        made = study.translations
        return "" if task in made.files or made.model else "no file or model of its translation"
    folder = {"original": "data_root", "mirror": "mirror"}.get(study.source)
    if spec.kind != "mlm" and folder and getattr(study, folder) is None:
        return f"{folder} is not set"
    try:
        if requests(grid, spec, language, split):
            return "to be downloaded"
        identities.data_files(grid, task, language, split)
    except UserError as error:
        return str(error).partition(". Tried")[0].removeprefix("source: ")
    return ""


def _data(grid: Grid) -> Iterator[str]:
    found = data_sets(grid)
    yield f"Data: {sum(map(len, found.values()))} sets of {len(found)} tasks"
    absent: dict[tuple[str, str, str], list[str]] = {}
    for task, sets in found.items():
        languages = {language for language, _ in sets}
        splits = ", ".join(sorted({split for _, split in sets}))
        lost = [(s, text) for s in sets if (text := missing(grid, task, *s))]
        licence = "generated" if grid.study.source == "microworld" else TASKS[task].licence
        mark = f"  {len(lost)} missing" if lost else ""
        yield f"  {task:<15} {len(languages):>3} languages  {splits}  [{licence}]{mark}"
        for (language, split), text in lost:
            reason = text.replace(f" in {language!r}", "")
            absent.setdefault((task, split, reason), []).append(language)
    if absent:
        yield f"Missing ({sum(map(len, absent.values()))} sets)"
        if grid.study.source == "original" and grid.study.data_root is None:
            yield "  data_root is not set: --config data_root=FOLDER looks for the files there"
            return
        for (task, of_split, reason), codes in absent.items():
            yield f"  {task} {of_split}: {' '.join(codes)} ({reason})"


# --- disk and time ------------------------------------------------------------------------------


def weights(pretrain: Pretrain) -> int:
    """Weights of an encoder that is pretrained here, heads apart.

    Token, position (two for padding) and type embeddings; per layer four projections of the
    attention, two of the feed-forward part and two LayerNorms.
    """
    shape = pretrain.architecture
    width, inner = shape.hidden_size, shape.intermediate_size
    embeddings = (pretrain.vocab_size + shape.max_length + 2 + 1 + 2) * width
    attention = 4 * (width * width + width)
    feed_forward = 2 * width * inner + inner + width
    return embeddings + shape.num_layers * (attention + feed_forward + 4 * width)


def model_bytes(grid: Grid, base: str) -> int | None:
    """Bytes of one model of a base; None where the base is on the hub and not here yet."""
    settings = grid.study.bases[base]
    if settings.pretrain:
        return BYTES * weights(settings.pretrain)
    folder = Path(settings.path) if settings.path else Path(grid.paths.base(base)).parent
    found = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.bin"))
    return sum(file.stat().st_size for file in found) or None


def _disk(grid: Grid) -> Iterator[str]:
    found = models(grid)
    total, largest, unknown = 0, 0, []
    yield "Disk for models (fp32 weights; tokens, data and predictions are small beside them)"
    for base in grid.study.bases:
        count = 1 + sum(f"/{base}/seed-" in path for paths in found.values() for path in paths)
        size = model_bytes(grid, base)
        if size is None:
            unknown.append(base)
            yield f"  {base:<15} {count:>6} models of unknown size: the base is not here yet"
            continue
        state = HELD_BY_OPTIMISER * size
        total, largest = total + count * size, max(largest, state)
        yield (
            f"  {base:<15} {count:>6} models of {_size(size)} = {_size(count * size)}, and "
            f"{_size(state)} for each stage that runs"
        )
    more = f", and {', '.join(unknown)}" if unknown else ""
    if total:
        yield f"  peak with one running stage: {_size(total + largest)}{more}"


def _size(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} TB"


def _facts(path: str) -> dict[str, Any] | None:
    """What a finished training measured; None if it is not finished."""
    try:
        facts = read_manifest(Path(path)).facts
    except UserError:
        return None
    return facts if {"seconds", "tokens", "device"} <= set(facts) else None


def _time(grid: Grid) -> Iterator[str]:
    """Measured time of finished trainings, and what the like of them would still take."""
    left_seconds, unmeasured, any_done = 0.0, 0, False
    yield "Time of training, measured in this study (without predictions and the start of jobs)"
    for base in grid.study.bases:
        for position, paths in models(grid).items():
            own = [p for p in paths if f"/{base}/" in p]
            done = [facts for path in own if (facts := _facts(path))]
            left = len(own) - len(done)
            if not done:
                unmeasured += left
                continue
            any_done = True
            seconds = sum(float(facts["seconds"]) for facts in done)
            speed = sum(int(facts["tokens"]) for facts in done) / max(seconds, 1e-9)
            devices = ", ".join(sorted({str(facts["device"]) for facts in done}))
            left_seconds += left * seconds / len(done)
            yield (
                f"  {base} {position}: {len(done)} done, {seconds / len(done):.0f} s each, "
                f"{speed:.0f} tokens/s on {devices}; {left} left"
            )
    if not any_done:
        yield "  unknown: no training of this study is finished"
        return
    yield f"  left at these means: {left_seconds / 3600:.2f} h on one device" + (
        f"; and {unmeasured} trainings of positions that have no finished one" if unmeasured else ""
    )
