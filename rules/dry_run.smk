"""The summary that `snakemake -n` prints instead of every job with its reasons."""


def watch_dry_run() -> bool:
    """Show a summary of a dry run instead of Snakemake's output for each job; True if it does.

    Snakemake's output is shown with --verbose, --printshellcmds or --quiet, as in a run.
    """
    from snakemake.logging import logger
    from snakemake.settings.types import Quietness

    from xstilts.dry_run.view import View

    if not workflow.output_settings.dryrun or not (shown := replaced_handler()):
        return False
    view = View(summarise_dry_run, shown.stream)
    shown.addFilter(view.is_shown)
    logger.addHandler(view)
    # with --quiet, Snakemake ends after its table of jobs; the account of every job, which nobody
    # sees, would take longer than all the rest
    workflow.output_settings.quiet = {Quietness.RULES, Quietness.PROGRESS}
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
