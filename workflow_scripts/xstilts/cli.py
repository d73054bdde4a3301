"""The ``xstilts`` command: what a study has, and why a product would be made again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from xstilts import __version__
from xstilts.errors import UserError
from xstilts.grid import Grid
from xstilts.plan import command as plan_command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xstilts.kinds import Split
    from xstilts.tasks.base import Task


def _overrides(pairs: Sequence[str]) -> dict[str, Any]:
    """``KEY=VALUE`` pairs as Snakemake's ``--config`` reads them."""
    result = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise UserError(f"--config {pair!r}: write KEY=VALUE.")
        result[key] = yaml.safe_load(value)
    return result


def _grid(arguments: argparse.Namespace, *, files_must_exist: bool = True) -> Grid:
    files = [Path(file) for file in arguments.configfile]
    for file in files:
        if not file.is_file():
            raise UserError(f"{file}: no such study file. Run this in the project's folder.")
    config: dict[str, Any] = {}
    for file in files:
        try:
            config |= yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        except yaml.YAMLError as error:
            raise UserError(f"{file}: not valid YAML: {error}") from None
    config |= _overrides(arguments.config)
    return Grid.load(config, files, files_must_exist=files_must_exist)


def _explain(arguments: argparse.Namespace) -> None:
    from xstilts.explain import explain

    grid = _grid(arguments)
    for path in arguments.path:
        for line in explain(grid, path):
            print(line)


def _accept(arguments: argparse.Namespace) -> None:
    from xstilts.acceptance import accept

    if bool(arguments.path) == arguments.all:
        raise UserError("accept: name products by their paths, or say --all.")
    grid = _grid(arguments)
    names = accept(grid, arguments.path, arguments.why)
    for name in names:
        print(f"{name}: accepted.")
    if not names:
        print("Nothing to accept: no code of these products has changed.")
    elif Path(grid.paths.tables).is_dir():
        from xstilts.jobs.report import rewrite_notes

        for file in rewrite_notes(grid):
            print(f"{file}: says so.")


def _tables(arguments: argparse.Namespace) -> None:
    from xstilts.jobs.report import build_study_report
    from xstilts.jobs.statistics import build_statistics
    from xstilts.jobs.tables import build_tables

    grid = _grid(arguments)
    out = Path(grid.paths.tables)
    build_tables(grid, out)
    build_statistics(grid, out)
    build_study_report(grid)
    print((out / "transfer.md").read_text(encoding="utf-8"))
    print(grid.paths.report)


SPLITS: tuple[Split, ...] = ("train", "validation", "test")


def _size(task: Task, split: Split) -> str:
    """Examples per language of a split as people write them; ``?`` where they are not known."""
    if split not in task.files:
        return "-"
    size = task.sizes.get(split)
    known = {code: sizes[split] for code, sizes in task.sizes_of.items() if split in sizes}
    if size is None and len(known) == 1:
        return "".join(f"{code}: {number:,}" for code, number in known.items())
    if size is None and known:
        size = min(known.values()), max(known.values())
    if size is None:
        return "?"
    return f"{size:,}" if isinstance(size, int) else f"{size[0]:,} to {size[1]:,}"


def _sources(task: Task) -> str:
    """Where the examples of a task can come from."""
    if task.kind == "mlm":
        return "text"
    hub = [f"hub and mirror ({task.hub.repo})"] if task.hub else []
    generated = ["microworld"] if task.microworld else []
    return ", ".join(["original", *hub, *generated])


def _tasks(arguments: argparse.Namespace) -> None:
    from xstilts.tasks import TASKS

    header = ("task", "kind", "metric", "trained on", "languages", "train/dev/test", "sources")
    rows = [(*header, "licence")]
    rows += [
        (
            task.name,
            task.kind,
            task.metric,
            task.train or "-",
            str(len(task.languages) or "any"),
            "/".join(_size(task, split) for split in SPLITS),
            _sources(task),
            task.licence,
        )
        for task in TASKS.values()
    ]
    _print_columns(rows)


def _memory(arguments: argparse.Namespace) -> None:
    from xstilts.plan.memory import HEADER, Conditions, memory_rows

    conditions = Conditions(
        max_tokens=arguments.max_tokens,
        device=arguments.device,
        tokens_in_use=arguments.token_ids,
    )
    found = memory_rows(_grid(arguments, files_must_exist=False), conditions)
    _print_columns([HEADER, *found])
    if arguments.device == "gpu":
        print("A GPU's activations follow from its kernels; they are not measured.")


def _print_columns(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (value.ljust(width) for value, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def _score(arguments: argparse.Namespace) -> None:
    from xstilts.files import write_json
    from xstilts.submission.benchmarks import BENCHMARKS
    from xstilts.submission.layout import detect_benchmark
    from xstilts.submission.present import as_json, as_text
    from xstilts.submission.score import score_folders

    labels, predictions = Path(arguments.labels), Path(arguments.predictions)
    benchmark = BENCHMARKS.get(arguments.benchmark) or detect_benchmark(labels)
    scores = score_folders(labels, predictions, benchmark, partial=arguments.partial)
    for line in as_text(scores):
        print(line)
    if arguments.json:
        write_json(Path(arguments.json), as_json(scores))


def _export(arguments: argparse.Namespace) -> None:
    from xstilts.jobs.submission import write_available

    for line in write_available(_grid(arguments)):
        print(line)


def _plan(arguments: argparse.Namespace) -> None:
    for line in plan_command.plan_lines(arguments, _grid(arguments, files_must_exist=False)):
        print(line)


def _cells(arguments: argparse.Namespace) -> None:
    grid = _grid(arguments)
    for path in dict.fromkeys(grid.scores()):
        print(path)


def _reference(arguments: argparse.Namespace) -> None:
    from xstilts.config.reference import write_reference

    for path in write_reference(Path(arguments.folder)):
        print(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="xstilts", description=__doc__)
    parser.add_argument("--version", action="version", version=f"xstilts {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, run: Callable[[argparse.Namespace], None], text: str) -> Any:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    def add_study(name: str, run: Callable[[argparse.Namespace], None], text: str) -> Any:
        command = add(name, run, text)
        command.add_argument("--configfile", nargs="+", default=["config.yaml"], metavar="FILE")
        command.add_argument("--config", nargs="*", default=[], metavar="KEY=VALUE")
        return command

    explained = add_study("explain", _explain, "Say which part of a product's identity changed.")
    explained.add_argument("path", nargs="+", help="a file or folder below results/STUDY")
    accepted = add_study("accept", _accept, "Let products stand although their code has changed.")
    accepted.add_argument(
        "path", nargs="*", help="a product or folder below results/STUDY, with what it is made from"
    )
    accepted.add_argument("--all", action="store_true", help="all that the study has")
    accepted.add_argument("--why", required=True, metavar="TEXT", help="for those who read results")
    add_study(
        "tables",
        _tables,
        "Build and print the tables of what there is; and the report.",
    )
    add_study("cells", _cells, "List the path of each cell's scores, to ask snakemake for.")
    plan_command.add_arguments(add_study("plan", _plan, plan_command.ABOUT))
    add_study("export", _export, "Write what is predicted in XTREME's submission layout.")
    memory = add_study("memory", _memory, "Estimate what each stage needs in memory, in MiB.")
    memory.add_argument("--tokens-per-pass", type=int, default=16384, metavar="N")
    memory.add_argument("--device", choices=("gpu", "cpu"), default="gpu")
    memory.add_argument(
        "--tokens", type=int, metavar="N", help="different tokens of a stage's data, if known"
    )
    add("tasks", _tasks, "List the tasks.")
    scored = add("score", _score, "Score a folder of predictions in XTREME's submission layout.")
    scored.add_argument("labels", metavar="LABELS_DIR", help="gold: TASK/test-LANGUAGE.tsv")
    scored.add_argument("predictions", metavar="PREDICTIONS_DIR", help="the same, predicted")
    scored.add_argument(
        "--benchmark",
        choices=("xtreme", "xtreme-r", "found"),
        default="xtreme",
        help="which tasks and languages count; found: all that LABELS_DIR has, without groups",
    )
    scored.add_argument("--partial", action="store_true", help="languages may lack a file")
    scored.add_argument("--json", metavar="FILE", help="also write the scores as JSON")
    reference = add("reference", _reference, "Write the configuration's schema and reference page.")
    reference.add_argument("folder", nargs="?", default=".")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except BrokenPipeError:
        return 0
    return 0
