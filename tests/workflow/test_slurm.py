"""The SLURM profile on a real SLURM: bit-identical scores, and faults that lose nothing."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
import slurm_world
from slurm_world import Slurm, wait_until
from stop_world import LONG, MODEL, STEPS, Running

from xstilts.doctor import slurm as doctor_slurm

if TYPE_CHECKING:
    from pathlib import Path

    from checkout import Checkout

pytestmark = [pytest.mark.workflow, pytest.mark.slurm, pytest.mark.full]

PROFILE = ("--workflow-profile", "profiles/slurm", "--jobs", "4")


@pytest.fixture(scope="module")
def slurm() -> Iterator[Slurm]:
    """A SLURM of two nodes, for all tests of this module."""
    if reason := slurm_world.missing():
        pytest.skip(reason)
    with Slurm.running() as cluster:
        yield cluster


@pytest.fixture
def long(clean: Checkout) -> Checkout:
    """A finished tiny study, but for one stage of a minute or two."""
    clean.write_study(**LONG)
    shutil.rmtree(clean.results / MODEL)
    log_of(clean).unlink()
    return clean


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, finished: Checkout) -> bytes:
    """The weights of that stage, trained without SLURM."""
    folder = tmp_path_factory.mktemp("undisturbed") / "checkout"
    shutil.copytree(finished.folder, folder, symlinks=True)
    checkout = type(finished)(folder)
    checkout.write_study(**LONG)
    run = checkout.snakemake("target_models")
    assert run.code == 0, run.output
    return weights(checkout).read_bytes()


def log_of(checkout: Checkout) -> Path:
    return checkout.results / f"logs/{MODEL}.log"


def weights(checkout: Checkout) -> Path:
    return checkout.results / MODEL / "model.safetensors"


def started(checkout: Checkout, *arguments: str) -> Running:
    """A run that submits to SLURM, and whose job trains."""
    run = Running(checkout, "target_models", *PROFILE, *arguments)
    run.until_logged(f"{MODEL}.log", "INFO step ")
    return run


def finished_output(run: Running) -> str:
    """Wait for a run to succeed; return its output."""
    assert run.process.wait(timeout=900) == 0, run.output.read_text()
    return run.output.read_text()


def assert_finished(run: Running, undisturbed: bytes) -> None:
    """The run succeeds, its stage has been resumed, and its weights are those of no fault."""
    finished_output(run)
    assert "resuming from step" in log_of(run.checkout).read_text()
    assert weights(run.checkout).read_bytes() == undisturbed


def values(checkout: Checkout) -> dict[str, list[tuple[str, str, float]]]:
    """Score file to its (language, metric, value) rows."""
    found = {}
    for path in sorted((checkout.results / "scores").rglob("*.parquet")):
        rows = pq.read_table(path, columns=["language", "metric", "value"]).to_pylist()
        name = path.relative_to(checkout.results).as_posix()
        found[name] = [(row["language"], row["metric"], row["value"]) for row in rows]
    return found


@pytest.mark.usefixtures("slurm")
def test_slurm_gives_the_same_scores_and_weights(fresh: Checkout, finished: Checkout) -> None:
    run = fresh.snakemake(*PROFILE)
    assert run.code == 0, run.output
    assert "slurm" in run.output.lower()
    assert values(fresh) == values(finished)
    trained = {k: v for k, v in finished.files().items() if k.endswith(".safetensors")}
    assert {k: v for k, v in fresh.files().items() if k in trained} == trained


@pytest.mark.usefixtures("slurm")
def test_doctor_describes_the_site() -> None:
    found = {finding.subject: finding for finding in doctor_slurm.slurm()}
    assert " UP" in found["SLURM"].found
    assert found["SLURM accounting"].level == "ok"
    assert {f"partition {name}" for name in ("main", "low")} <= found.keys()
    assert "folder on compute nodes" in found


@pytest.mark.usefixtures("slurm")
def test_a_stage_goes_on_after_its_time_limit(long: Checkout) -> None:
    # SLURM counts in minutes, and ends a job up to half a minute late
    study = {**LONG, "recipes": {**LONG["recipes"], "target": {"max_steps": 3 * STEPS}}}
    long.write_study(**study)
    run = started(long, "--set-resources", "train_target:runtime=attempt", "--retries", "5")
    output = finished_output(run)
    assert "resuming from step" in log_of(long).read_text(), output
    limited = weights(long).read_bytes()
    shutil.rmtree(long.results / MODEL)
    again = long.snakemake("target_models")
    assert again.code == 0, again.output
    assert weights(long).read_bytes() == limited


def test_a_cancelled_job_is_submitted_again(
    long: Checkout, slurm: Slurm, undisturbed: bytes
) -> None:
    run = started(long)
    slurm_world.run("scancel", *slurm.jobs("R"))
    assert_finished(run, undisturbed)


def test_a_job_that_is_cancelled_before_it_starts_is_submitted_again(
    long: Checkout, slurm: Slurm, undisturbed: bytes
) -> None:
    nodes = ",".join(slurm_world.NODES)
    slurm_world.run("scontrol", "update", f"node={nodes}", "state=drain", "reason=test")
    run = Running(long, "target_models", *PROFILE)
    wait_until(lambda: slurm.jobs("PD"), "a job is pending")
    slurm_world.run("scancel", *slurm.jobs("PD"))
    slurm_world.run("scontrol", "update", f"node={nodes}", "state=resume")
    finished_output(run)
    assert weights(long).read_bytes() == undisturbed


def test_a_stop_of_snakemake_cancels_its_jobs(
    long: Checkout, slurm: Slurm, undisturbed: bytes
) -> None:
    run = started(long)
    output = run.stop(signal.SIGTERM, group=False)
    assert "the jobs are cancelled, and training saves its state" in output
    wait_until(lambda: not slurm.jobs(), "no job is left")
    assert_finished(Running(long, "target_models", *PROFILE), undisturbed)


@pytest.mark.usefixtures("slurm")
def test_a_killed_snakemake_is_continued(long: Checkout, undisturbed: bytes) -> None:
    killed = started(long)
    os.kill(killed.process.pid, signal.SIGKILL)
    killed.process.wait()
    # its job is on the same machine, sees that, and saves its state
    assert_finished(Running(long, "target_models", *PROFILE), undisturbed)


def test_a_run_survives_a_restart_of_the_controller(
    long: Checkout, slurm: Slurm, undisturbed: bytes
) -> None:
    run = started(long)
    slurm.kill("slurmctld")
    slurm.start_controller()
    finished_output(run)
    assert weights(long).read_bytes() == undisturbed


def test_a_node_failure_leaves_one_writer(long: Checkout, slurm: Slurm, undisturbed: bytes) -> None:
    run = started(long)
    node = slurm_world.run("squeue", "--noheader", "--states=R", "--format=%N").split()[0]
    slurm_world.run("scontrol", "update", f"node={node}", "state=down", "reason=test")
    slurm_world.run("scontrol", "update", f"node={node}", "state=resume")
    assert_finished(run, undisturbed)


def test_a_preempted_stage_goes_on(long: Checkout, slurm: Slurm, undisturbed: bytes) -> None:
    run = started(long, "--set-resources", "train_target:slurm_partition=low")
    nodes = str(len(slurm_world.NODES))
    slurm_world.run("sbatch", "--partition=main", "--exclusive", f"--nodes={nodes}", "--wrap=true")
    # SLURM starts it again two minutes later
    assert_finished(run, undisturbed)
