"""Results that cannot be written are one message, and the run stops."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from checkout import new_checkout

if TYPE_CHECKING:
    from pathlib import Path

    from checkout import Checkout, Run

pytestmark = [pytest.mark.workflow, pytest.mark.slow, pytest.mark.full]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[Path, str], None]]:
    """Mounts a small file system on a folder."""
    mounted: list[Path] = []

    def mount(folder: Path, options: str) -> None:
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("needs the right to mount a file system")
        mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], capture_output=True, check=False)


def assert_one_message(run: Run, said: str) -> None:
    assert run.code != 0
    assert run.output.count(said) == 1, run.output
    assert "Traceback" not in run.output


FULL = "No space left on device. The file system of {} has"


@pytest.mark.parametrize(
    ("options", "said"),
    [("size=600k", FULL), ("size=600k,ro", "Read-only file system ({})")],
)
def test_one_message_names_the_file_system(
    fresh: Checkout, mount: Callable[[Path, str], None], options: str, said: str
) -> None:
    results = fresh.folder / "results"
    mount(results, options)
    assert_one_message(fresh.snakemake("target_models"), said.format(results))
    assert not list(results.rglob(".*.part"))


def test_a_full_checkout_stops_snakemake_with_one_message(
    tmp_path: Path, mount: Callable[[Path, str], None]
) -> None:
    mount(tmp_path / "checkout", "size=4200k")
    checkout = new_checkout(tmp_path / "checkout")
    run = checkout.snakemake("target_models")
    assert_one_message(run, FULL.format(checkout.folder))
    assert run.output.count("Stopped, since results cannot be written") == 1, run.output
