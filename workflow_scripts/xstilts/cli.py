"""Inspect and plan studies, explain reruns, export models, score submissions."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from xstilts import __version__
from xstilts.doctor import command as doctor_command
from xstilts.errors import UserError, unreadable
from xstilts.export import command as export_command
from xstilts.grid import Grid
from xstilts.next_seeds import command as next_command
from xstilts.plan import command as plan_command
from xstilts.storage import storage_problem
from xstilts.submission import command as score_command
from xstilts.terminal import replace_unencodable

if TYPE_CHECKING:
    from collections.abc import Sequence

_STUDY_FILES = {".yaml", ".yml", ".json"}
"""Suffixes of study files."""


def _overrides(pairs: Sequence[str]) -> dict[str, Any]:
    """Parse ``KEY=VALUE`` pairs as Snakemake's ``--config`` does."""
    result = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise UserError(f"--config {pair!r}: write KEY=VALUE.")
        try:
            result[key] = yaml.safe_load(value)
        # YAML has errors of its own; numbers and dates that do not exist have others
        except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
            raise UserError(f"--config {pair!r:.80}: not a YAML value ({error!s:.120}).") from None
    return result


def _separate_paths(arguments: argparse.Namespace) -> None:
    """Move products after ``--configfile FILE`` to the paths, as in ``--configfile FILE PATH``."""
    if not hasattr(arguments, "path") or not hasattr(arguments, "configfile"):
        return
    files = [file for file in arguments.configfile if Path(file).suffix in _STUDY_FILES]
    files = [file for file in files if Path(file).parts[:1] != ("results",)]
    arguments.path = [file for file in arguments.configfile if file not in files] + arguments.path
    arguments.configfile = files or ["config.yaml"]


def _grid(arguments: argparse.Namespace, *, files_must_exist: bool = True) -> Grid:
    files = [Path(file) for file in arguments.configfile]
    overrides = _overrides(arguments.config)
    return Grid.load(None, files, overrides=overrides, files_must_exist=files_must_exist)


def _explain(arguments: argparse.Namespace) -> None:
    from xstilts.explain import explain

    if not arguments.path:
        raise UserError("explain: give the path of a product, as in results/STUDY/tables/transfer.")
    grid = _grid(arguments)
    for path in arguments.path:
        for line in explain(grid, path):
            print(line)


def _accept(arguments: argparse.Namespace) -> None:
    from xstilts.acceptance import accept

    if bool(arguments.path) == arguments.all:
        raise UserError("accept: give the paths of products, or --all.")
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


def _verify(arguments: argparse.Namespace) -> int:
    from xstilts.verify import report, verify

    grid = _grid(arguments, files_must_exist=False)
    result = verify(Path(grid.paths.root), arguments.path)
    for line in report(result, arguments.configfile):
        print(line)
    return 1 if result.damaged else 0


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


def _tasks(arguments: argparse.Namespace) -> None:
    from xstilts.task_list import task_rows

    _print_columns(task_rows())


def _memory(arguments: argparse.Namespace) -> None:
    from xstilts.plan.memory import HEADER, Conditions, memory_rows

    conditions = Conditions(
        max_tokens=arguments.max_tokens,
        device=arguments.device,
        distinct_tokens=arguments.distinct_tokens,
    )
    found = memory_rows(_grid(arguments, files_must_exist=False), conditions)
    _print_columns([HEADER, *found])
    if arguments.device == "gpu":
        print("GPU activations are computed from the kernels used, not measured.")


def _print_columns(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (value.ljust(width) for value, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def _score(arguments: argparse.Namespace) -> None:
    for line in score_command.score_lines(arguments):
        print(line)


def _submission(arguments: argparse.Namespace) -> None:
    from xstilts.jobs.submission import write_available

    for line in write_available(_grid(arguments)):
        print(line)


def _export(arguments: argparse.Namespace) -> None:
    for line in export_command.export_lines(arguments, _grid(arguments, files_must_exist=False)):
        print(line)


def _plan(arguments: argparse.Namespace) -> None:
    for line in plan_command.plan_lines(arguments, _grid(arguments, files_must_exist=False)):
        print(line)


def _next(arguments: argparse.Namespace) -> None:
    for line in next_command.next_lines(arguments, _grid(arguments, files_must_exist=False)):
        print(line)


def _doctor(arguments: argparse.Namespace) -> int:
    return doctor_command.run(
        arguments,
        lambda: _grid(arguments, files_must_exist=False),
        functools.partial(print, flush=True),
    )


def _cells(arguments: argparse.Namespace) -> None:
    grid = _grid(arguments)
    for path in dict.fromkeys(grid.scores()):
        print(path)


def _reference(arguments: argparse.Namespace) -> None:
    from xstilts.config.reference import write_reference

    for path in write_reference(Path(arguments.folder)):
        print(path)


Command = Callable[[argparse.Namespace], int | None]
"""A command; returns its exit code, None for 0."""


class _Commands:
    """The subcommands of ``xstilts``."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._commands = parser.add_subparsers(dest="command", required=True)

    def add(self, name: str, run: Command, text: str) -> argparse.ArgumentParser:
        """A command that needs no study."""
        command = self._commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    def add_study(self, name: str, run: Command, text: str) -> argparse.ArgumentParser:
        """A command on a study, with the options that name it."""
        command = self.add(name, run, text)
        command.add_argument(
            "--configfile",
            nargs="+",
            default=["config.yaml"],
            metavar="FILE",
            help="study file; later files override earlier ones (default: config.yaml)",
        )
        command.add_argument(
            "--config",
            nargs="*",
            default=[],
            metavar="KEY=VALUE",
            help="keys that override the study file, as for snakemake",
        )
        return command


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xstilts",
        description="Inspect and plan studies, explain reruns, export models, write and score "
        "submissions.",
    )
    parser.add_argument("--version", action="version", version=f"xstilts {__version__}")
    commands = _Commands(parser)
    explain = commands.add_study(
        "explain", _explain, "Show which part of a product's identity changed."
    )
    explain.add_argument("path", nargs="*", help="file or folder below results/STUDY")
    _add_accept(commands)
    verify = commands.add_study(
        "verify", _verify, "Read products and compare them with their checksums."
    )
    verify.add_argument(
        "path", nargs="*", help="product or folder below results/STUDY (default: all products)"
    )
    commands.add_study("tables", _tables, "Build tables and report from existing scores.")
    commands.add_study("cells", _cells, "List the score file of each cell, to pass to snakemake.")
    plan_command.add_arguments(commands.add_study("plan", _plan, plan_command.ABOUT))
    next_command.add_arguments(commands.add_study("next", _next, next_command.ABOUT))
    commands.add_study(
        "submission", _submission, "Write existing predictions in XTREME's submission layout."
    )
    export_command.add_arguments(commands.add_study("export", _export, export_command.ABOUT))
    doctor = commands.add_study("doctor", _doctor, doctor_command.ABOUT)
    doctor.set_defaults(configfile=[])
    memory = commands.add_study("memory", _memory, "Estimate the memory of each stage, in MiB.")
    plan_command.add_memory_options(memory)
    memory.add_argument(
        "--device", choices=("gpu", "cpu"), default="gpu", help="type of device (default: gpu)"
    )
    commands.add("tasks", _tasks, "List the tasks.")
    score_command.add_arguments(commands.add("score", _score, score_command.ABOUT))
    reference = commands.add(
        "reference", _reference, "Write the configuration's schema and reference page."
    )
    reference.add_argument(
        "folder", nargs="?", default=".", help="folder of the checkout (default: current folder)"
    )
    return parser


def _add_accept(commands: _Commands) -> None:
    accept = commands.add_study(
        "accept", _accept, "Keep products as they are although their code changed."
    )
    accept.add_argument(
        "path", nargs="*", help="product or folder below results/STUDY; includes its inputs"
    )
    accept.add_argument("--all", action="store_true", help="all products of the study")
    accept.add_argument(
        "--why", required=True, metavar="TEXT", help="the reason, shown to readers of the results"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    replace_unencodable()
    arguments = _parser().parse_args(argv)
    try:
        _separate_paths(arguments)
        return arguments.run(arguments) or 0
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except BrokenPipeError:
        return 0
    except Exception as error:
        if problem := storage_problem(error, Path("results")):
            sys.stderr.write(f"{problem}\n")
        elif isinstance(error, OSError):
            sys.stderr.write(f"{unreadable(error)}\n")
        else:
            raise
        return 2
