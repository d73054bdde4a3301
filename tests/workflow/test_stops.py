"""A signal stops a run and all its jobs, which the next run continues to the same bits."""

from __future__ import annotations

import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest
from product_content import assert_equal, contents
from stop_world import LONG, MODEL, Running, processes_in, temporary_files

if TYPE_CHECKING:
    from checkout import Checkout

pytestmark = [pytest.mark.workflow, pytest.mark.slow, pytest.mark.full]

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
WAYS = [(number, group) for number in SIGNALS for group in (False, True)]
RESULTS, TOKENS, ENDS = "results/tiny", "tokens/mini/xnli/qaa/test", (".json", ".arrow")
PHASES = {
    # phase: (products to remove, target, log of its job)
    "prepare": (["data/xnli/qaa"], f"{RESULTS}/data/xnli/qaa/test.json", "data/xnli/qaa/test.log"),
    "tokenise": ([f"{TOKENS}{end}" for end in ENDS], f"{RESULTS}/{TOKENS}.json", f"{TOKENS}.log"),
    "predict": (["predictions"], "predictions", "predictions/mini/seed-1/none/xnli.log"),
    "statistics": (["tables/effects.md"], "tables", "tables/statistics.log"),
    "report": (["report.html"], "report", "report.log"),
}


TRIES = 5
"""A job may take less time than its signal; then its run has succeeded."""


def remove_products(checkout: Checkout, phase: str) -> None:
    removed, _, log = PHASES[phase]
    for product in (*removed, f"logs/{log}"):
        path = checkout.results / product
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def assert_stopped(run: Running, number: signal.Signals, output: str) -> None:
    assert run.process.returncode != 0
    assert "Traceback" not in output
    assert f"Stopped by {number.name}" in output, output
    assert "Error in" not in output
    assert not temporary_files(run.checkout)


@pytest.mark.parametrize("group", [False, True])
def test_a_stop_reaches_all_processes_of_a_stage(clean: Checkout, group: bool) -> None:
    clean.write_study(**LONG, parallel={"processes": 2})
    shutil.rmtree(clean.results / MODEL)
    (clean.results / f"logs/{MODEL}.log").unlink()
    run = Running(clean, "target_models")
    run.until_logged(f"{MODEL}.log", "INFO step ")
    assert_stopped(run, signal.SIGHUP, run.stop(signal.SIGHUP, group=group))
    assert list((clean.results / "state").glob("*/*.pt"))


def test_after_a_kill_of_snakemake_its_jobs_save_their_state_and_end(clean: Checkout) -> None:
    clean.write_study(**LONG)
    log = clean.results / f"logs/{MODEL}.log"
    log.unlink()
    run = Running(clean, "target_models")
    run.until_logged(f"{MODEL}.log", "INFO step ")
    run.stop(signal.SIGKILL, group=False)
    assert "the next run resumes from there" in log.read_text()
    run = Running(clean, "target_models")
    run.until_logged(f"{MODEL}.log", "resuming from step")
    run.stop(signal.SIGTERM, group=False)


def test_a_second_signal_ends_at_once(clean: Checkout) -> None:
    clean.write_study(**LONG)
    (clean.results / f"logs/{MODEL}.log").unlink()
    run = Running(clean, "target_models")
    run.until_logged(f"{MODEL}.log", "INFO step ")
    # a job in a step that takes long
    for process in processes_in(clean.folder):
        if process.pid != run.process.pid:
            process.suspend()
    run.process.terminate()
    time.sleep(1.5)
    assert run.process.poll() is None
    output = run.stop(signal.SIGTERM, group=False)
    assert "Stopped at once" in output
    assert "Traceback" not in output
    assert not list((clean.folder / ".snakemake/locks").glob("*"))


def test_stops_of_training_change_no_bit(clean: Checkout) -> None:
    clean.write_study(**LONG)
    assert clean.snakemake("target_models").code == 0
    model = clean.results / MODEL / "model.safetensors"
    whole, log = model.read_bytes(), clean.results / f"logs/{MODEL}.log"
    shutil.rmtree(model.parent)
    for number, group in WAYS:
        log.unlink()
        run = Running(clean, "target_models")
        run.until_logged(f"{MODEL}.log", "INFO step ")
        assert_stopped(run, number, run.stop(number, group=group))
        assert list((clean.results / "state").glob("*/*.pt"))
    again = clean.snakemake("target_models")
    assert again.code == 0, again.output
    assert "resuming from step" in log.read_text()
    assert model.read_bytes() == whole
    assert not list((clean.results / "state").glob("*/*"))


@pytest.mark.parametrize("phase", PHASES)
def test_stops_of_other_jobs_leave_nothing_half_written(clean: Checkout, phase: str) -> None:
    before = contents(clean)
    _, target, log = PHASES[phase]
    for number, group in WAYS:
        for _ in range(TRIES):
            remove_products(clean, phase)
            run = Running(clean, target)
            run.until_logged(log)
            output = run.stop(number, group=group)
            if run.process.returncode and "Stopped at once" not in output:
                break
        assert_stopped(run, number, output)
    again = clean.snakemake(target)
    assert again.code == 0, again.output
    assert_equal(contents(clean), before)
