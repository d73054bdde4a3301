"""Results that cannot be written are one message, and the run stops."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from checkout import Checkout

pytestmark = [pytest.mark.workflow, pytest.mark.slow, pytest.mark.full]


@pytest.fixture
def mounted(fresh: Checkout) -> Iterator[Callable[[str], Path]]:
    """Mounts a small file system as the results folder of a fresh checkout."""
    results = fresh.folder / "results"
    results.mkdir()

    def mount(options: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(results)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("needs the right to mount a file system")
        return results

    yield mount
    subprocess.run(["umount", str(results)], capture_output=True, check=False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("size=600k", "No space left on device. The file system of {results} has"),
        ("size=600k,ro", "Read-only file system ({results})"),
    ],
)
def test_one_message_names_the_file_system(
    fresh: Checkout, mounted: Callable[[str], Path], options: str, said: str
) -> None:
    results = mounted(options)
    run = fresh.snakemake("target_models")
    assert run.code != 0
    assert run.output.count(said.format(results=results)) == 1, run.output
    assert "Traceback" not in run.output
    assert not list(results.rglob(".*.part"))
