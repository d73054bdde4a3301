"""A tiny study that is run once; tests work on copies of the finished checkout."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkout import Checkout, new_checkout
from stop_world import processes_in


@pytest.fixture
def fresh(tmp_path: Path) -> Checkout:
    """A checkout without results."""
    return new_checkout(tmp_path / "checkout")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The finished tiny study; tests must not change it."""
    return once(tmp_path_factory, "finished")


def once(tmp_path_factory: pytest.TempPathFactory, name: str, **changes: object) -> Checkout:
    """A study that one process of pytest-xdist runs for all.

    Args:
        tmp_path_factory: of the session.
        name: of the study's folder.
        changes: top-level keys of the tiny study to replace.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            # another process failed: show its failure here, too
            shutil.rmtree(folder, ignore_errors=True)
            checkout = new_checkout(folder / "checkout")
            checkout.write_study(**changes)
            leases = {"XSTILTS_LEASES": str(checkout.folder / "leases")}
            run = checkout.snakemake(environment=leases)
            assert run.code == 0, run.output
            (folder / "whole").touch()
    return Checkout(folder / "checkout")


@pytest.fixture
def done(finished: Checkout, tmp_path: Path) -> Checkout:
    """A copy of the finished study with modification times."""
    folder = tmp_path / "checkout"
    shutil.copytree(finished.folder, folder, symlinks=True)
    return Checkout(folder)


@pytest.fixture
def clean(done: Checkout) -> Iterator[Checkout]:
    """A finished study whose processes are ended after the test."""
    yield done
    for process in processes_in(done.folder):
        process.kill()
