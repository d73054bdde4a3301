"""Size of a full-size study's report, and the time to write and to open it.

    python benchmarks/report.py         prints one table; writes to a temporary folder only

The study is synthetic: 30 strategies x 19 targets x 40 languages x 5 seeds, one base model, every
model with a manifest and a history, every cell with predictions. It fails if the page is too large;
times depend on the machine and are only printed.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow_scripts"))

from xstilts.data.schemas import SCHEMAS  # noqa: E402
from xstilts.files import write_json, write_text  # noqa: E402
from xstilts.prediction.schemas import PREDICTION_SCHEMAS  # noqa: E402
from xstilts.report.build import build_report  # noqa: E402
from xstilts.report.source import CellFiles, Source  # noqa: E402
from xstilts.results.cells import Cell  # noqa: E402
from xstilts.results.render import Header, write_tables  # noqa: E402
from xstilts.results.schema import RESULT_SCHEMA  # noqa: E402
from xstilts.training import history  # noqa: E402

STRATEGIES = ["none", *(f"strategy_{number}" for number in range(1, 30))]
TARGETS = [f"target_{number}" for number in range(1, 20)]
LANGUAGES = ["en", *(f"l{number}" for number in range(1, 40))]
SEEDS = [1, 2, 3, 4, 5]
LARGEST_MB = 15
_SENTENCE = "a sentence of the length that people write, with some words and a number such as "


def cells(root: Path) -> list[Cell]:
    """All cells of the study."""
    return [
        Cell(
            model="base", strategy=strategy, chain=strategy, target=target, seed=seed,
            metric="accuracy", languages=tuple(LANGUAGES),
            scores=root / f"scores/base/seed-{seed}/{strategy}/{target}.parquet",
        )
        for seed in SEEDS for strategy in STRATEGIES for target in TARGETS
    ]  # fmt: skip


def write_scores(cell: Cell) -> None:
    """Write the scores of a cell: falling from language to language, shifted by the strategy."""
    rng = random.Random(f"{cell.strategy}/{cell.target}/{cell.seed}")
    shift = random.Random(f"{cell.strategy}/{cell.target}").gauss(0, 4)
    row = dict.fromkeys(RESULT_SCHEMA.names, "-") | {
        "study": "full", "model": "base", "strategy": cell.strategy, "chain": cell.chain,
        "target": cell.target, "seed": cell.seed, "metric": "accuracy", "headline": True,
        "n": 1000, "seconds": 3.0, "protocol": "recommended",
    }  # fmt: skip
    rows = [
        row | {"language": language, "value": max(0.0, 85 - at + shift + rng.gauss(0, 1))}
        for at, language in enumerate(LANGUAGES)
    ]
    cell.scores.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=RESULT_SCHEMA), cell.scores)


def write_examples(root: Path, source: Source) -> None:
    """Write data of all targets, and one predictions file that all cells share."""
    numbers = range(10)
    data = [
        {"id": f"test-{n}", "text_a": _SENTENCE + str(n), "text_b": _SENTENCE, "label": "neutral"}
        for n in numbers
    ]
    said = [
        {"id": f"test-{n}", "gold": "neutral", "prediction": "contradiction", "probabilities": []}
        for n in numbers
    ]
    files = [(root / "one-data.parquet", data, SCHEMAS), (root / "one.parquet", said,
             PREDICTION_SCHEMAS)]  # fmt: skip
    for path, rows, schemas in files:
        pq.write_table(pa.Table.from_pylist(rows, schema=schemas["classification"]), path)
    links = {f"data/{task}/{code}/test.parquet": 0 for task in TARGETS for code in LANGUAGES}
    links |= {
        f"predictions/{cell.folder}/{code}.parquet": 1
        for cell in source.cells if cell.seed == SEEDS[0] for code in LANGUAGES
    }  # fmt: skip
    for name, at in links.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).hardlink_to(files[at][0])


def write_models(root: Path, source: Source) -> None:
    """Write a manifest, a history and a benchmark file for every model."""
    steps = [
        {"step": n, "task": "t", "loss": 2 / (1 + n / 100), "learning_rate": 1e-5,
         "grad_norm": 1.0, "tokens": 1000, "seconds": n / 10}
        for n in range(2000)
    ]  # fmt: skip
    one = root / "one-history.parquet"
    pq.write_table(pa.Table.from_pylist(steps, schema=history.SCHEMA), one)
    for stage in dict.fromkeys(stage for cell in source.cells for stage in cell.stages):
        recipe = {"learning_rate": 1e-5, "batch_size": 32, "epochs": 3.0, "warmup": 0.1}
        write_json(
            root / stage / "manifest.json",
            {"id": "0123456789abcdef", "content": "", "files": {},
             "identity": {"declared": {"recipe": recipe, "mixture": ["task@en"]}},
             "facts": {"seconds": 3600.0, "steps": 2000, "tokens": 10**7, "device": "cuda"}},
        )  # fmt: skip
        (root / stage / "history.parquet").hardlink_to(one)
        write_text(root / f"benchmarks/{stage}.jsonl", '{"s": 3700, "max_rss": 9000}\n')


def make_source(root: Path) -> Source:
    """The synthetic study, without its files."""
    families = ["transfer", "languages", *(f"languages/{target}" for target in TARGETS)]
    return Source(
        root=root,
        header=Header(study="full", protocol="recommended", baseline="none", seeds=tuple(SEEDS),
                      replicates=2000,
                      question="How large is the report of a full-size study?"),
        source_language="en",
        strategies={name: f"{name} → target" for name in STRATEGIES},
        cells=tuple(
            CellFiles(
                model="base", strategy=cell.strategy, target=cell.target, seed=cell.seed,
                task=cell.target, kind="classification", split="test",
                languages=cell.languages,
                folder=f"base/seed-{cell.seed}/{cell.chain}/{cell.target}",
                stages=(f"intermediate/base/seed-{cell.seed}/{cell.chain}",
                        f"target/base/seed-{cell.seed}/{cell.chain}/{cell.target}"),
            )
            for cell in cells(root)
        ),
        figures=(*families, "gap", "seeds", "training", "selection", "cost"),
    )  # fmt: skip


WATCH = """<script>
new MutationObserver(() => console.log("ready after " + document.documentElement.dataset.ready))
  .observe(document.documentElement, {attributes: true, attributeFilter: ["data-ready"]});
</script>"""
"""Logs when the first figure is drawn; ``--dump-dom`` would not wait for it."""


def load_seconds(page: Path) -> float | None:
    """Seconds from the start of loading to the first figure; None without a browser."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        return None
    watched = page.with_suffix(".watched.html")
    watched.write_text(page.read_text(encoding="utf-8") + WATCH, encoding="utf-8")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000",
               f"--user-data-dir={page.parent / 'profile'}", "--enable-logging=stderr",
               "--remote-debugging-port=0", watched.as_uri()]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    stop = threading.Timer(60, process.terminate)
    stop.start()
    try:
        found = (re.search(r"ready after (\d+)", line) for line in process.stderr)
        return next((int(match[1]) / 1000 for match in found if match), float("nan"))
    finally:
        stop.cancel()
        process.terminate()
        process.wait()


def main() -> int:
    """Return the exit status: 1 if the page is too large."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "study"
        source, start = make_source(root), time.perf_counter()
        for cell in cells(root):
            write_scores(cell)
        write_tables(root / "tables", cells(root), source.header)
        write_models(root, source)
        write_examples(root, source)
        say(f"study written      {time.perf_counter() - start:8.1f} s")
        page, start = Path(folder) / "report.html", time.perf_counter()
        build_report(source, page)
        say(f"report built       {time.perf_counter() - start:8.1f} s")
        size = page.stat().st_size / 1e6
        say(f"size               {size:8.1f} MB (at most {LARGEST_MB})")
        seconds = load_seconds(page)
        if seconds is not None:
            say(f"first figure after {seconds:8.1f} s")
    return int(size > LARGEST_MB)


def say(line: str) -> None:
    """Print a line without buffering."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
