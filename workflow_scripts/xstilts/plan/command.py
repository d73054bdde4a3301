"""``xstilts plan``: the lines of a plan; ``--check`` holds plans against what jobs took."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError, unknown
from xstilts.numbers import signed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from xstilts.grid import Grid

ABOUT = "Say what a study trains, predicts, reads and stores, and how long it takes; needs no data."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The options of the command, besides those that name the study."""
    command.add_argument("--gpu", metavar="NAME", help="the card that is planned for")
    command.add_argument("--memory", metavar="SIZE", help="its memory, as in 80GiB")
    command.add_argument("--tokens-per-pass", type=int, default=16384, metavar="N")
    command.add_argument(
        "--tokens",
        type=int,
        metavar="N",
        help="how many different tokens a stage's data have; the whole vocabulary by default",
    )
    command.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="stages that train at the same time"
    )
    command.add_argument(
        "--parameters",
        nargs="*",
        default=[],
        metavar="BASE=NUMBER",
        help="weights of a model that is not known here, embeddings left out, as in xl=3.4e9",
    )
    command.add_argument("--json", metavar="FILE", help="also write the plan as JSON")
    command.add_argument(
        "--strict", action="store_true", help="fail if data are missing or a stage does not fit"
    )
    command.add_argument(
        "--check", action="store_true", help="predicted and measured time of finished jobs instead"
    )


def plan_lines(arguments: argparse.Namespace, grid: Grid) -> Iterator[str]:
    """The plan of a study for people; writes it as JSON if that is asked for.

    Raises:
        UserError: an option is wrong; with ``--strict``, the study cannot run as it is.
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
        tokens_in_use=arguments.num_tokens,
        runtime=arguments.jobs,
        parameters=_parameters(arguments.parameters, grid),
    )
    plan = build_plan(grid, options)
    yield from render(plan, grid)
    if arguments.json:
        write_json(Path(arguments.json), plan)
    if arguments.strict and (wrong := problems(plan)):
        raise UserError(f"plan: {'; '.join(wrong)}.")


def _parameters(pairs: list[str], grid: Grid) -> dict[str, float]:
    """Base to parameters.

    Raises:
        UserError: no such base, or no number.
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
    """Per device, precision and kind of work: predicted and measured time of each finished job."""
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
    """The check for people: each job that the fit had not seen, and the error."""
    from xstilts.plan.render import table

    if not report:
        yield "No job has been finished here: there is nothing to hold a plan against."
    for entry in report:
        yield f"{entry['kind']} on {entry['device']} in {entry['precision']}: {entry['jobs']} jobs"
        if "rows" not in entry:
            yield "  too few to leave some out"
            continue
        rows = [("study", "product", "measured s", "predicted s", "error")]
        for row in entry["rows"]:
            error = 100 * (row["predicted"] / row["measured"] - 1)
            seconds = (f"{row[key]:.2f}" for key in ("measured", "predicted"))
            rows.append((row["study"], row["product"], *seconds, f"{signed(error, 0)} %"))
        yield from table(rows)
        yield (
            f"  median absolute error {entry['median_error_percent']:.1f} %, all together "
            f"{entry['total_ratio']:.2f} times the measured time, at worst a factor of "
            f"{entry['worst_factor']:.2f}; {entry['how']}"
        )
