"""All that a GPU can tell about this project, measured in one call within a time limit.

    python benchmarks/gpu.py [--json FILE] [--seconds N] [--parts A,B] [--small]
    python benchmarks/gpu.py --show FILE

Prints one table, a part as soon as it is done, and rewrites FILE after each part. Parts:
``machine`` (card, versions, speed of the matrix product), ``training`` and ``prediction`` (XLM-R
large's shape, compared with transformers' Trainer on the same batches), ``lora`` (a decoder of 1.5
billion weights), ``resume`` (weights after a kill), ``agreement`` (bf16 and fp32), ``estimates``
(memory and seconds of ``xstilts plan``). Every part has a share of the time that is left; one that
fails or is late says so in the table, and the next begins. Models are random, and nothing is
downloaded. Without an accelerator, and with ``--small``, models are tiny: a rehearsal.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

# importing torch from a cold disk may take a minute of the limit
BEGAN = time.monotonic()
sys.path.insert(0, str(Path(__file__).parents[1] / "workflow_scripts"))
sys.path.insert(0, str(Path(__file__).parent / "engine"))
sys.path.insert(0, str(Path(__file__).parent / "gpu_parts"))

from checks import agreement, resume  # noqa: E402
from context import LARGE, SMALL, Context, threads  # noqa: E402
from estimates import estimates  # noqa: E402
from process import WorkerError  # noqa: E402
from speed import lora, machine, prediction, training  # noqa: E402
from table import Part, Report, Row, limits  # noqa: E402

from xstilts.device import accelerator  # noqa: E402

PARTS: dict[str, tuple[Callable[[Context], Iterator[Row]], float]] = {
    "machine": (machine, 60),
    "training": (training, 150),
    "prediction": (prediction, 100),
    "lora": (lora, 100),
    "resume": (resume, 70),
    "agreement": (agreement, 50),
    "estimates": (estimates, 40),
}
"""Functions of the parts, and their weights in the division of time."""
SPARE = 5.0
"""Seconds of the limit that are kept for ending processes."""


def main() -> None:
    """Measure, and print and write the table."""
    options = parse()
    if options.show:
        sys.stdout.writelines(Report.read(options.show).lines())
        return
    found = accelerator()
    small = options.small or found is None
    report = Report(small=small, seconds=options.seconds)
    until = BEGAN + options.seconds - SPARE
    sys.stdout.writelines(report.head())
    sys.stdout.flush()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        context = Context(
            device=found.type if found else "cpu",
            threads=threads(),
            sizes=SMALL if small else LARGE,
            folder=Path(folder),
        )
        weights = {name: weight for name, (_, weight) in PARTS.items() if name in options.parts}
        for name in PARTS:
            part = Part(name=name, state="skipped", reason="not among --parts")
            if name in weights:
                part = run(name, context, limits(weights, until - time.monotonic())[name])
                del weights[name]
            report.parts.append(part)
            sys.stdout.writelines(part.lines())
            sys.stdout.flush()
            if options.json:
                report.write(options.json)


def run(name: str, context: Context, limit: float) -> Part:
    """Measure a part, for so many seconds at most; whatever goes wrong is noted."""
    part, began = Part(name=name, limit=limit), time.monotonic()
    context.until = began + limit
    try:
        for row in PARTS[name][0](context):
            part.rows.append(row)
    except WorkerError as error:
        part.state, part.reason = "failed", str(error)
    # the other parts are worth measuring all the same
    except Exception as error:
        traceback.print_exc()
        part.state, part.reason = "failed", f"{type(error).__name__}: {error}"
    finally:
        context.stop()
    part.seconds = time.monotonic() - began
    return part


def parse() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the table here, too")
    parser.add_argument("--seconds", type=float, default=540.0, help="limit of the whole run")
    parser.add_argument(
        "--parts", type=names, default=list(PARTS), help="only machine and these: A,B"
    )
    parser.add_argument("--small", action="store_true", help="tiny models: a rehearsal")
    parser.add_argument("--show", type=Path, help="print the table of a file, measuring nothing")
    return parser.parse_args()


def names(text: str) -> list[str]:
    """Names of parts, from a command line, and ``machine``, whose figures the others need."""
    found = ["machine", *text.split(",")]
    if unknown := [name for name in found if name not in PARTS]:
        raise argparse.ArgumentTypeError(
            f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}"
        )
    return found


if __name__ == "__main__":
    main()
