"""Around a run: checks before it, the fork server and the monitor, tables after it."""

import atexit
import contextlib
import logging
import signal
import sys
import threading
import time
from pathlib import Path

from xstilts.gpus import count_devices, lease_folder
from xstilts.leftovers import enter_working_folder, remove_leftovers
from xstilts.paths import product
from xstilts.runner import fork_client
from xstilts.runner.run_folder import RunFolder, stop_run
from xstilts.runner.stopping import Stopping, heeded, kill_children
from xstilts.storage import storage_problem
from xstilts.terminal import replace_unencodable

STARTED = time.time()
RUN = []  # the run's folder, and what stops it, once started
WATCHING = []  # the monitor of the run, once started
SCREENS = []  # its screen
STOPPED = []  # products of the jobs that were running when the run was stopped
FINISHING = []  # True once no job is running any more
CLAIMED = []  # the claim of the run, held until this process ends
RENAMED_RESOURCES = {"tokens_per_pass": "max_tokens", "strategy": "mode"}


def check_resource_names() -> None:
    """Refuse a resource by a former name, which Snakemake would ignore without a word."""
    for given in workflow.resource_settings.overwrite_resources.values():
        for name in given:
            if name in RENAMED_RESOURCES:
                raise WorkflowError(
                    f"--set-resources: {name!r} is now called {RENAMED_RESOURCES[name]!r}. Rename it, "
                    "here or in your profile."
                )


def record_outdated_products() -> None:
    """Find outdated products that are not in Snakemake's metadata of this folder."""
    from snakemake.logging import logger
    from snakemake.persistence import RECORD_FORMAT_VERSION

    from xstilts.unrecorded import record_outdated

    if not Path(GRID.paths.root).is_dir():
        return
    with without_tracebacks():
        message = record_outdated(GRID, RECORD_FORMAT_VERSION)
    if message:
        logger.warning(message)


@contextlib.contextmanager
def without_tracebacks():
    """Raise errors of users and of storage as Snakemake's own, which it prints as a message."""
    try:
        yield
    except (UserError, OSError) as error:
        known = isinstance(error, UserError)
        message = str(error) if known else storage_problem(error, Path(GRID.paths.root))
        if message is None:
            raise
        raise WorkflowError(message) from None


def prepare_run() -> None:
    """Do what has to be done before the first job: claim, clean up, check, heed signals."""
    with without_tracebacks():
        claim_files()
        remove_leftovers(Path(GRID.paths.root))
        check_leases()
        heed_signals()


def claim_files() -> None:
    """Claim the files of this run; wait for runs in other checkouts that make some of them.

    What is left to do is then found out again: after the other run, most files exist.
    """
    from snakemake.logging import logger

    from xstilts.locks import claim

    root, dag = Path(GRID.paths.root), workflow.dag
    while not CLAIMED:
        jobs = list(dag.needrun_jobs())
        made = {str(file) for job in jobs for file in job.output}
        read = {str(file) for job in jobs for file in job.input}
        if lock := claim(root, made, read, logger.warning):
            CLAIMED.append(lock)
            return
        record_outdated_products()
        workflow.persistence.deactivate_cache()
        dag._reason.clear()
        workflow.async_run(dag.postprocess())


def end_at_once(number=signal.SIGINT, _frame=None) -> None:
    """End this process, and all jobs on this machine, without waiting for anything."""
    kill_children()
    # only a lock of this run: Snakemake would remove those of others too
    if getattr(workflow.persistence, "_lockfile", None):
        workflow.persistence.unlock()
    if RUN:
        RUN[0].remove()
    say("\nStopped at once; run the same command to continue from what is saved.")
    os._exit(128 + number)


def say(text: str) -> None:
    """Print a line for the user, above the status line; the terminal may be gone."""
    with contextlib.suppress(OSError):
        stream = SCREENS[0] if SCREENS else sys.stderr
        stream.write(f"{text}\n")
        stream.flush()


def check_leases() -> None:
    """Refuse a folder of GPU leases that is not this user's alone, before every job does."""
    models = any("gpu" in job.rule.resources for job in workflow.dag.needrun_jobs())
    if not (workflow.local_exec and models):
        return
    if count_devices():
        lease_folder()


def heed_signals_before_run() -> None:
    """Before jobs run, nothing has to be saved: end without a traceback, and unlocked."""
    for number in heeded():
        signal.signal(number, end_at_once)


def heed_signals() -> None:
    """Stop all jobs at SIGINT, SIGTERM or SIGHUP, or when a job stops the run."""
    run = RunFolder()
    atexit.register(run.remove)
    stopping = Stopping(run, stop=stop_scheduling, end=end_at_once)
    RUN.extend((run, stopping))
    if workflow.is_main_process and not workflow.local_exec:
        stopping.interrupt()
    else:
        stopping.listen()


def stop_scheduling() -> None:
    """Start no further jobs; called once, when the running ones have been asked to stop."""
    if FINISHING or not workflow.scheduler:
        end_at_once()
    STOPPED.extend(product(job.output[0]) for job in list(workflow.scheduler.running) if job.output)
    if workflow.is_main_process:
        count = f"{len(STOPPED)} job{'s' if len(STOPPED) != 1 else ''}"
        say(f"Stopping {count}; a second signal or Ctrl-C ends them at once.")
    # not in a signal handler, which may have interrupted the scheduler while it holds its lock;
    # there, KeyboardInterrupt follows
    if threading.current_thread() is not threading.main_thread():
        workflow.scheduler.exit_gracefully()


def disable_job_rate_limit() -> None:
    """Remove Snakemake's default limit of 100 job starts per second; an explicit limit is kept.

    With a limit, each round of the scheduler schedules another one a second later, regardless of
    its own trigger (9.27, JobScheduler.schedule). Each finished job thus adds one round per second
    for the rest of the run; hundreds of them occupy a whole core.
    """
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None


def start_fork_server() -> None:
    """Start the fork server if any local job uses a model, so that jobs start without imports."""
    from snakemake.settings.types import DeploymentMethod

    elsewhere = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
    models = any("max_tokens" in job.rule.resources for job in workflow.dag.needrun_jobs())
    if workflow.local_exec and models and not elsewhere:
        fork_client.start_fork_server(RUN[0])


def watch_run() -> None:
    """Show planned and finished jobs instead of Snakemake's output for each job.

    Snakemake's output is still in its log file, and on the screen with --verbose, --printshellcmds
    or --quiet.
    """
    from snakemake.logging import logger

    from xstilts.monitor.run import Monitor, is_shown
    from xstilts.monitor.screen import Screen

    settings = workflow.output_settings
    shown = [handler for handler in logger.handlers if handler.name == "DefaultStreamHandler"]
    if workflow.touch or settings.verbose or settings.printshellcmds or settings.quiet or not shown:
        return
    jobs = [job for job in workflow.dag.jobs if job.output]
    planned = {job.jobid: get_job(job) for job in jobs if workflow.dag.needrun(job)}
    existing = [product(job.output[0]) for job in jobs if not workflow.dag.needrun(job)]
    shown[0].stream = Screen(shown[0].stream)
    SCREENS.append(shown[0].stream)
    shown[0].addFilter(is_shown)
    # the jobs that were stopped have not failed
    shown[0].addFilter(lambda record: not (is_stopping() or is_storage_error(record)))
    WATCHING.append(Monitor(Path(GRID.paths.root), planned, existing, shown[0].stream))
    logger.addHandler(WATCHING[0])


def is_stopping() -> bool:
    """True if the run is asked to stop, by a signal or by a job."""
    return RUN[1].asked or bool(RUN[0].reason())


def is_storage_error(record) -> bool:
    """Stop the run if Snakemake itself cannot write; it would print a traceback for each job."""
    if record.levelno < logging.ERROR:
        return False
    problem = storage_problem(RuntimeError(record.getMessage()), Path(GRID.paths.root))
    if problem and stop_run(problem):
        say(f"\n{problem}\n")
    return bool(problem)


def get_job(job) -> "Job":
    """Return a job for the monitor, described by its rule's message or docstring."""
    from xstilts.monitor.run import Job

    text = job.message or job.format_wildcards(job.rule.docstring or job.rule.name)
    benchmark = os.path.relpath(job.benchmark, f"{GRID.paths.root}/benchmarks")
    return Job(text.splitlines()[0], product(job.output[0]), benchmark.removesuffix(".jsonl"))


def stop_watching() -> None:
    """Remove the status line."""
    for monitor in WATCHING:
        monitor.close()


def show_table() -> None:
    """Print the transfer table if this run built it."""
    FINISHING.append(True)
    stop_watching()
    table = Path(GRID.paths.tables) / "transfer.md"
    if table.is_file() and table.stat().st_mtime >= STARTED:
        text = table.read_text(encoding="utf-8")
        # the terminal may be gone
        with contextlib.suppress(OSError):
            sys.stdout.write(f"\n{text}\n({table}; report: {GRID.paths.report})\n")
            sys.stdout.flush()


def finish_run() -> None:
    """After a run that did not succeed, say why if it was stopped; otherwise, show what exists."""
    if RUN and RUN[1].asked:
        report_stop(*RUN)
    else:
        write_partial_tables()


def report_stop(run: RunFolder, stopping: Stopping) -> None:
    """Say what became of the jobs of a run that was stopped."""
    from xstilts.results.failures import read

    # those whose shell was ended before them
    while run.has_jobs():
        time.sleep(0.05)
    FINISHING.append(True)
    stop_watching()
    try:
        states = {name: found.state for name, found in read(Path(GRID.paths.failures)).items()}
    except (UserError, OSError):
        states = {}
    saved = sum(states.get(name) == "interrupted" for name in STOPPED)
    jobs = f"; {saved} job{' saved its' if saved == 1 else 's saved their'} state" if saved else ""
    if stopping.reason:
        say(f"Stopped, since results cannot be written{jobs}.")
    elif workflow.local_exec:
        say(f"Stopped by {stopping.signal}{jobs}; run the same command to continue.")
    else:
        say(
            f"Stopped by {stopping.signal}; the jobs are cancelled, and training saves its state. "
            "Run the same command to continue."
        )


def write_partial_tables() -> None:
    """After a failed run, build tables and report from existing scores, with reasons for gaps."""
    from xstilts.jobs.report import build_study_report
    from xstilts.jobs.statistics import build_statistics
    from xstilts.jobs.tables import build_tables

    FINISHING.append(True)
    stop_watching()
    try:
        for grid in map(GRID.in_view, GRID.views):
            build_tables(grid, Path(grid.paths.tables))
            build_statistics(grid, Path(grid.paths.tables))
        build_study_report(GRID)
    except UserError as error:
        # a damaged file, which may be why the run failed
        say(f"\nTables and report were not built: {error}\n")
    except Exception as error:
        problem = storage_problem(error, Path(GRID.paths.root))
        if problem is None:
            raise
        say(f"\nTables and report were not built: {problem}\n")
    else:
        show_table()
