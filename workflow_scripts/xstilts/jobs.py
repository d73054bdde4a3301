"""The frame around a job: its log, its one-line error, and a record while it has not ended well."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import sys
import traceback
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.errors import Interrupted, UserError
from xstilts.progress import Reporter
from xstilts.results.failures import record_progress, watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAILED, INTERRUPTED = 1, 75
"""Exit codes; 75 is EX_TEMPFAIL: stopped from outside, state saved, start again to go on."""


class _WithoutPandas(MetaPathFinder, Loader):
    """Makes ``import pandas`` fail in a job that has not imported it by now.

    pyarrow does without pandas where there is none; where there is, it imports it for a look at
    any list, which takes half a second of every job. Only the tables need it.
    """

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        """Find pandas, pass on all else: only to ask for it, as torch does, is no import."""
        return ModuleSpec(fullname, self) if fullname == "pandas" else None

    def create_module(self, spec: ModuleSpec) -> None:
        """Refuse to import it."""
        raise ModuleNotFoundError("pandas is not used by this job", name="pandas")


def _configure_logging(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(log, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger("xstilts")
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    root.propagate = False


def _keep_hub_libraries_offline() -> None:
    """Forbid the Hugging Face libraries the network, those already imported included."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    if constants := sys.modules.get("huggingface_hub.constants"):
        constants.HF_HUB_OFFLINE = True  # type: ignore[attr-defined]


@contextlib.contextmanager
def job(name: str, log: str, root: Path, *, network: bool = False) -> Iterator[Reporter]:
    """Run a job's body: log to ``log``, keep a record in ``failures/`` unless it ends well.

    A UserError becomes its one message on stderr and exit code 1; anything else also leaves a
    traceback in the log.

    Args:
        name: the product, as in ``target/mini/seed-1/mnli/xnli``.
        log: the job's log file.
        root: the study's folder of results.
        network: whether this job downloads; all others run with ``HF_HUB_OFFLINE=1``.

    Yields:
        What the job tells how far it is.
    """
    if not network:
        _keep_hub_libraries_offline()
    sys.meta_path.insert(0, _WithoutPandas())
    _configure_logging(Path(log))
    logger = logging.getLogger("xstilts")
    try:
        with watched(root / "failures", name, log):
            yield Reporter(functools.partial(record_progress, root / "failures", name, log))
    except UserError as error:
        logger.error("%s", error)
        sys.stderr.write(f"\nError in {name}:\n{error}\n\n")
        sys.exit(FAILED)
    except Interrupted as error:
        logger.warning("%s", error)
        sys.stderr.write(f"\n{name} stopped: {error}\n\n")
        sys.exit(INTERRUPTED)
    except Exception as error:
        logger.error("%s", traceback.format_exc())
        sys.stderr.write(f"\nError in {name}: {type(error).__name__}: {error}\nSee {log}\n\n")
        sys.exit(FAILED)


def run_job(call: Callable[..., None], *, reports: bool, **frame: Any) -> None:
    """Run ``call()`` as a job; with ``reports``, it gets the job's :class:`Reporter` as ``report``.

    Args:
        call: the job.
        reports: whether it tells how far it is.
        frame: arguments of :func:`job`.
    """
    with job(**frame) as report:
        if reports:
            call(report=report)
        else:
            call()
