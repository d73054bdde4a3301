"""Around a run: checks before it, the fork server and the monitor, tables after it."""

import contextlib
import sys
import time
from pathlib import Path

from xstilts.gpus import count_devices, lease_folder
from xstilts.leftovers import enter_working_folder, remove_leftovers
from xstilts.paths import product
from xstilts.runner import fork_client
from xstilts.storage import storage_problem
from xstilts.terminal import replace_unencodable

STARTED = time.time()
RUN = []  # the run's folder, and what stops it, once started
WATCHING = []  # the monitor of the run, once started
SCREENS = []  # its screen
FINISHING = []  # True once no job is running any more
CLAIMED = []  # the claim of the run, held until this process ends
RENAMED_RESOURCES = {"tokens_per_pass": "max_tokens", "strategy": "mode"}


def check_resource_names() -> None:
    """Refuse a resource by a former name, which Snakemake would ignore without a word."""
    for given in workflow.resource_settings.overwrite_resources.values():
        for name in given:
            if name in RENAMED_RESOURCES:
                raise Error(
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
        raise Error(message) from None


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


def check_leases() -> None:
    """Refuse a folder of GPU leases that is not this user's alone, before every job does."""
    models = any("gpu" in job.rule.resources for job in workflow.dag.needrun_jobs())
    if not (workflow.local_exec and models):
        return
    if count_devices():
        lease_folder()


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


def name_sources() -> None:
    """Say, before the list of jobs, what is left out, and where the examples come from."""
    from snakemake.logging import logger

    from xstilts.grid.source_report import mixed, source_lines
    from xstilts.plan.data import unverified_downloads

    for line in (*GRID.gaps.sentences(), *unverified_downloads(GRID)):
        logger.warning(line)
    for line in (*source_lines(GRID), *mixed(GRID)):
        logger.info(f"Examples from {line}")


def replaced_handler():
    """Return the handler of Snakemake's output on the screen, if the project replaces it."""
    from snakemake.logging import logger

    settings = workflow.output_settings
    if workflow.touch or settings.verbose or settings.printshellcmds or settings.quiet:
        return None
    named = (handler for handler in logger.handlers if handler.name == "DefaultStreamHandler")
    return next(named, None)


def name_untested_device() -> None:
    """Say in one line that this machine's GPUs are of a kind that the tests have not been run on."""
    from snakemake.logging import logger

    from xstilts.gpus import UNTESTED, present

    models = any("gpu" in job.rule.resources for job in workflow.dag.needrun_jobs())
    if models and (found := present()):
        logger.warning(UNTESTED.format(found))


def watch_run() -> None:
    """Show planned and finished jobs instead of Snakemake's output for each job.

    Snakemake's output is still in its log file, and on the screen with --verbose, --printshellcmds
    or --quiet.
    """
    from snakemake.logging import logger

    from xstilts.monitor.run import Monitor, is_shown
    from xstilts.monitor.screen import Screen

    if not (shown := replaced_handler()):
        return
    jobs = [job for job in workflow.dag.jobs if job.output]
    planned = {job.jobid: get_job(job) for job in jobs if workflow.dag.needrun(job)}
    existing = [product(job.output[0]) for job in jobs if not workflow.dag.needrun(job)]
    shown.stream = Screen(shown.stream)
    SCREENS.append(shown.stream)
    shown.addFilter(is_shown)
    # the jobs that were stopped have not failed
    shown.addFilter(lambda record: not (is_stopping() or is_storage_error(record)))
    WATCHING.append(Monitor(Path(GRID.paths.root), planned, existing, shown.stream))
    logger.addHandler(WATCHING[0])


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
