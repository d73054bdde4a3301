"""``xstilts score``: the scores of a folder of predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

ABOUT = "Score a folder of predictions in XTREME's submission layout."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    command.add_argument(
        "labels", metavar="LABELS_DIR", help="folder of gold labels: TASK/test-LANGUAGE.tsv"
    )
    command.add_argument(
        "predictions", metavar="PREDICTIONS_DIR", help="folder of predictions, same layout"
    )
    command.add_argument(
        "--benchmark",
        choices=("xtreme", "xtreme-r", "found"),
        default="xtreme",
        help="tasks and languages to score; `found`: all in LABELS_DIR, without group averages",
    )
    command.add_argument(
        "--partial", action="store_true", help="allow missing languages; leaves out averages"
    )
    command.add_argument(
        "--missing",
        choices=("error", "wrong"),
        default="error",
        help="a question or mention without a prediction: an error, or wrong as in the official "
        "scripts",
    )
    command.add_argument("--json", metavar="FILE", help="also write the scores as JSON")


def score_lines(arguments: argparse.Namespace) -> Iterator[str]:
    """Yield the lines that the command prints, and write the scores as JSON if asked to.

    Raises:
        UserError: as :func:`xstilts.submission.score.score_folders`.
    """
    from xstilts.files import write_json
    from xstilts.submission.benchmarks import BENCHMARKS
    from xstilts.submission.layout import detect_benchmark
    from xstilts.submission.present import as_json, as_text
    from xstilts.submission.score import score_folders

    labels, predictions = Path(arguments.labels), Path(arguments.predictions)
    benchmark = BENCHMARKS.get(arguments.benchmark) or detect_benchmark(labels)
    scores = score_folders(
        labels, predictions, benchmark, partial=arguments.partial, missing=arguments.missing
    )
    yield from as_text(scores)
    if arguments.json:
        write_json(Path(arguments.json), as_json(scores))
