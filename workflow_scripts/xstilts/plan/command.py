"""``xstilts plan``: the lines of a plan; ``--check`` compares predicted and measured times."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError, unknown
from xstilts.numbers import signed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from xstilts.grid import Grid

ABOUT = "Estimate trainings, hours, disk, memory and data of a study; needs no data."


def add_memory_options(command: argparse.ArgumentParser) -> None:
    """Add the options on which the memory of a stage depends."""
    command.add_argument(
        "--max-tokens",
        type=int,
        default=16384,
        metavar="N",
        help="tokens per micro-batch, as in the profile (default: 16384)",
    )
    command.add_argument(
        "--distinct-tokens",
        type=int,
        metavar="N",
        help="distinct tokens in a stage's data (default: the whole vocabulary)",
    )


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command, except those that name the study."""
    command.add_argument("--gpu", metavar="NAME", help="GPU to plan for, as in A100-80GB")
    command.add_argument(
        "--memory",
        metavar="SIZE",
        help="memory of the device, as in 80GiB (default: that of --gpu)",
    )
    add_memory_options(command)
    command.add_argument(
        "--jobs",
        type=int,
        default=1,
        metavar="N",
        help="stages trained at the same time (default: 1)",
    )
    command.add_argument(
        "--parameters",
        nargs="*",
        default=[],
        metavar="BASE=NUMBER",
        help="parameters of an unknown model without embeddings, as in xl=3.4e9",
    )
    command.add_argument("--json", metavar="FILE", help="also write the plan as JSON")
    command.add_argument(
        "--strict",
        action="store_true",
        help="fail if data are missing or a stage does not fit in memory",
    )
    command.add_argument(
        "--check",
        action="store_true",
        help="compare predicted and measured times of finished jobs instead",
    )


def plan_lines(arguments: argparse.Namespace, grid: Grid) -> Iterator[str]:
    """Yield the plan of a study as text; write it as JSON with ``--json``.

    Raises:
        UserError: invalid option; with ``--strict``, data are missing or a stage does not fit.
    """
    from xstilts.files import write_json
    from xstilts.plan.build import Options, build_plan, problems
    from xstilts.plan.render import render

    if arguments.check:
        found = check_report(Path("results"))
        yield from check_lines(found)
        if arguments.json:
            write_json(Path(arguments.json), found)
        return
    options = Options(
        gpu=arguments.gpu,
        memory=arguments.memory,
        max_tokens=arguments.max_tokens,
        distinct_tokens=arguments.distinct_tokens,
        concurrent=arguments.jobs,
        parameters=_parameters(arguments.parameters, grid),
    )
    plan = build_plan(grid, options)
    yield from render(plan, grid)
    if arguments.json:
        write_json(Path(arguments.json), plan)
    if arguments.strict and (wrong := problems(plan)):
        raise UserError(f"plan: {'; '.join(wrong)}.")


def _parameters(pairs: list[str], grid: Grid) -> dict[str, float]:
    """Return the parameters by base.

    Raises:
        UserError: unknown base, or not a number.
    """
    found = {}
    for pair in pairs:
        base, _, number = pair.partition("=")
        if base not in grid.study.bases:
            raise unknown("base", base, grid.study.bases, "--parameters")
        try:
            found[base] = float(number)
        except ValueError:
            raise UserError(f"--parameters {pair!r}: write BASE=NUMBER, as in xl=3.4e9.") from None
    return found


def check_report(results: Path) -> list[dict[str, Any]]:
    """Return predicted and measured times of finished jobs, by device, precision and kind."""
    from xstilts.plan.history import finished_jobs
    from xstilts.plan.throughput import check, groups

    report = []
    for (device, precision, kind), jobs in sorted(groups(finished_jobs(results)).items()):
        entry = {"device": device, "precision": precision, "kind": kind, "jobs": len(jobs)}
        if found := check(jobs):
            entry |= {
                "how": found.how,
                "median_error_percent": found.error,
                "total_ratio": found.total_ratio,
                "worst_factor": found.worst_factor,
                "rows": [
                    {"study": j.study, "product": j.product, "measured": j.seconds, "predicted": p}
                    for j, p in found.rows
                ],
            }
        report.append(entry)
    return report


def check_lines(report: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the check as text: each held-out job, and the error."""
    from xstilts.plan.render import table

    if not report:
        yield "No finished jobs in results/: nothing to compare a plan with."
    for entry in report:
        yield f"{entry['kind']} on {entry['device']} in {entry['precision']}: {entry['jobs']} jobs"
        if "rows" not in entry:
            yield "  too few to hold some out"
            continue
        rows = [("study", "product", "measured s", "predicted s", "error")]
        for row in entry["rows"]:
            error = 100 * (row["predicted"] / row["measured"] - 1)
            seconds = (f"{row[key]:.2f}" for key in ("measured", "predicted"))
            rows.append((row["study"], row["product"], *seconds, f"{signed(error, 0)} %"))
        yield from table(rows)
        yield (
            f"  median absolute error {entry['median_error_percent']:.1f} %; predicted/measured "
            f"total {entry['total_ratio']:.2f}; worst factor {entry['worst_factor']:.2f}; "
            f"{entry['how']}"
        )
