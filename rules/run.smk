"""Around a run: checks before it, the fork server and the monitor, tables after it."""

import sys
import time
from pathlib import Path

from xstilts.paths import product
from xstilts.runner import fork_client

STARTED = time.time()
WATCHING = []  # the monitor of the run, once started
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
    try:
        message = record_outdated(GRID, RECORD_FORMAT_VERSION)
    except UserError as error:
        raise WorkflowError(str(error)) from None
    if message:
        logger.warning(message)


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
        fork_client.start_fork_server()


def name_sources() -> None:
    """Say, before the list of jobs, what is left out, and where the examples come from."""
    from snakemake.logging import logger

    from xstilts.grid.source_report import mixed, source_lines
    from xstilts.plan.data import unverified_downloads

    for line in (*GRID.gaps.sentences(), *unverified_downloads(GRID)):
        logger.warning(line)
    for line in (*source_lines(GRID), *mixed(GRID)):
        logger.info(f"Examples from {line}")


def watch_dry_run() -> bool:
    """Show a summary of a dry run instead of Snakemake's output for each job; True if it does.

    Snakemake's output is shown with --verbose, --printshellcmds or --quiet, as in a run.
    """
    from snakemake.logging import logger

    from xstilts.dry_run.view import View

    if not workflow.output_settings.dryrun or not (shown := replaced_handler()):
        return False
    view = View(summarise_dry_run, shown.stream)
    shown.addFilter(view.is_shown)
    logger.addHandler(view)
    return True


def summarise_dry_run() -> list[str]:
    """Return the lines of a dry run's summary."""
    from xstilts.dry_run.summary import summary

    jobs = [job for job in workflow.dag.jobs if job.output]
    existing = {product(job.output[0]) for job in jobs if not workflow.dag.needrun(job)}
    planned = [get_dry_job(job) for job in jobs if workflow.dag.needrun(job)]
    return summary(GRID, planned, existing)


def get_dry_job(job) -> "DryJob":
    """Return a job for the summary of a dry run."""
    from xstilts.dry_run.jobs import DryJob

    reason = workflow.dag.reason(job)
    causes = {
        "forced": reason.forced,
        "stopped": reason._incomplete_output,
        "changed": reason._updated_input or reason.is_provenance_triggered(),
        "incomplete": reason._missing_output,
        "input": reason._updated_input_run,
    }
    outputs = tuple(map(str, job.output))
    return DryJob(
        product=product(outputs[0]),
        outputs=outputs,
        causes=frozenset(cause for cause, found in causes.items() if found),
    )


def replaced_handler():
    """Return the handler of Snakemake's output on the screen, if the project replaces it."""
    from snakemake.logging import logger

    settings = workflow.output_settings
    if workflow.touch or settings.verbose or settings.printshellcmds or settings.quiet:
        return None
    named = (handler for handler in logger.handlers if handler.name == "DefaultStreamHandler")
    return next(named, None)


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
    shown.addFilter(is_shown)
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
    stop_watching()
    table = Path(GRID.paths.tables) / "transfer.md"
    if table.is_file() and table.stat().st_mtime >= STARTED:
        text = table.read_text(encoding="utf-8")
        sys.stdout.write(f"\n{text}\n({table}; report: {GRID.paths.report})\n")


def write_partial_tables() -> None:
    """After a failed run, build tables and report from existing scores, with reasons for gaps."""
    from xstilts.jobs.report import build_study_report
    from xstilts.jobs.statistics import build_statistics
    from xstilts.jobs.tables import build_tables

    stop_watching()
    try:
        for grid in map(GRID.in_view, GRID.views):
            build_tables(grid, Path(grid.paths.tables))
            build_statistics(grid, Path(grid.paths.tables))
        build_study_report(GRID)
    except UserError as error:
        # a damaged file, which may be why the run failed
        sys.stderr.write(f"\nTables and report were not built: {error}\n\n")
    else:
        show_table()
