"""The study, and functions for inputs, parameters and resources of rules."""

import os
import sys
import time
from pathlib import Path

STARTED = time.time()
WATCHING = []  # the monitor of the run, once started

LIBRARY = str(Path(workflow.basedir) / "workflow_scripts")
sys.path.insert(0, LIBRARY)
# Scripts and cluster jobs must import the library of this checkout, not another one on the path
os.environ |= {"PYTHONPATH": LIBRARY}

from snakemake.exceptions import WorkflowError  # noqa: E402

from xstilts.chains import EMPTY_CHAIN  # noqa: E402
from xstilts.comparison_names import COMPARISONS  # noqa: E402
from xstilts.errors import UserError  # noqa: E402
from xstilts.grid import Grid, identities, submissions, summaries  # noqa: E402
from xstilts.grid.figures import figure_files, report_tables, view_tables  # noqa: E402
from xstilts.grid.processes import parallel  # noqa: E402
from xstilts.grid.views import CHOICE  # noqa: E402
from xstilts.paths import data_file, product  # noqa: E402
from xstilts.runner import fork_client  # noqa: E402

try:
    GRID = Grid.load(config, workflow.configfiles)
except UserError as error:
    raise WorkflowError(str(error)) from None


RENAMED_RESOURCES = {"tokens_per_pass": "max_tokens", "strategy": "mode"}
for name in {
    name for given in workflow.resource_settings.overwrite_resources.values() for name in given
}:
    # Snakemake would take an unknown one without a word, and the default would stay
    if name in RENAMED_RESOURCES:
        raise WorkflowError(
            f"--set-resources: {name!r} is now called {RENAMED_RESOURCES[name]!r}. Rename it, here or "
            "in your profile."
        )


def get_data_files(wildcards) -> list[str]:
    """Return the source files of a data set: original files, or data that provide text."""
    return identities.data_files(GRID, wildcards.task, wildcards.language, wildcards.split)


def get_data_identity(wildcards) -> dict:
    """Return source, labels and reader of a data set."""
    return identities.data(GRID, wildcards.task, wildcards.language, wildcards.split)


def get_download_identity(wildcards) -> dict:
    """Return repositories, revisions and file patterns of a data set on the Hub."""
    return identities.download(GRID, wildcards.task, wildcards.language, wildcards.split)


def get_pretraining_text(wildcards) -> list[str]:
    """Return the manifests of the pretraining text of a base model."""
    members = GRID.text_members(wildcards.pretrained_base)
    return [GRID.paths.data(member.task, member.language, "train") for member in members]


def get_stage(wildcards) -> tuple[str, int, str, str | None]:
    """Return base, seed, chain and target of a stage (pretraining: empty chain, no target)."""
    base = wildcards.get("base") or wildcards.pretrained_base
    chain, target = wildcards.get("chain", EMPTY_CHAIN), wildcards.get("target")
    return base, int(wildcards.get("seed", 0)), chain, target


def get_member_tokens(wildcards) -> list[str]:
    """Return the token manifests of a stage's training sets, in the order of its mixture."""
    base, _, chain, target = get_stage(wildcards)
    members = GRID.members(base, chain, target)
    return [GRID.paths.tokens(base, member.task, member.language, "train") for member in members]


def get_dev_manifests(product):
    """Return an input function: manifests of dev tokens (or data) for weight selection."""

    def manifests(wildcards) -> list[str]:
        base, _, chain, target = get_stage(wildcards)
        members = GRID.dev_members(base, chain, target)
        sets = [(member.task, member.language, "validation") for member in members]
        if product == "data":
            return [GRID.paths.data(*dev) for dev in sets]
        return [GRID.paths.tokens(base, *dev) for dev in sets]

    return manifests


def get_stage_files(wildcards) -> list[str]:
    """Return the token and data files of a stage's training and dev sets."""
    dev = [*get_dev_manifests("tokens")(wildcards), *get_dev_manifests("data")(wildcards)]
    return data_files([*get_member_tokens(wildcards), *dev])


def get_parent(wildcards) -> str:
    """Return the manifest of a stage's parent model; for pretraining, of the tokenizer."""
    return GRID.parent(*get_stage(wildcards))


def get_data_check(wildcards) -> list[str]:
    """Make a stage without a finished model wait until every data set has been read.

    A finished model has no such input, so that a new language does not retrain it. (`ancient` is
    not enough: Snakemake skips further checks of a job if one of its inputs is made in the run.)
    """
    manifest = GRID.trained_model(*get_stage(wildcards))
    return [] if Path(manifest).exists() else [GRID.paths.data_check]


def get_model_identity(wildcards) -> dict:
    """Return mixture, recipe, seed and numeric code of a stage."""
    return identities.model(GRID, *get_stage(wildcards))


def get_runtime(key):
    """Return a resource function for a runtime setting; not a param, as it changes no result."""

    def value(wildcards) -> int:
        base, _, chain, target = get_stage(wildcards)
        return GRID.runtime(base, chain, target)[key]

    return value


def get_parallel(key):
    """Return a resource function for a data-parallel setting (`processes` or `mode`)."""

    def value(wildcards) -> int | str:
        base, *_ = get_stage(wildcards)
        return getattr(parallel(GRID, base), key)

    return value


def per_process(amount: int):
    """Return a resource function: the amount per process times the processes of the stage."""
    return lambda wildcards: amount * get_parallel("processes")(wildcards)


def get_predicting_model(target):
    """Return an input function: manifest of the model that predicts a cell of a target."""
    return lambda wc: GRID.model_of(wc.base, int(wc.seed), wc.chain, target)


def get_evaluation_manifests(product, target):
    """Return manifests of evaluation data, or an input function for those of tokens."""
    node = GRID.names.all_targets[target]
    if product == "data":
        return [GRID.paths.data(node.task.name, code, node.split) for code in node.languages]
    return lambda wc: [
        GRID.paths.tokens(wc.base, node.task.name, code, node.split) for code in node.languages
    ]


def get_cell(wildcards) -> tuple:
    """Return base, seed, stages and target of a cell."""
    stages = GRID.stages_of(wildcards.chain)
    return wildcards.base, int(wildcards.seed), stages, wildcards.target


def get_cell_manifest(wildcards) -> str:
    """Return the manifest of a cell's predictions, written after all languages."""
    return GRID.predicted(*get_cell(wildcards))


def get_cell_predictions(wildcards) -> list[str]:
    """Return the prediction files of a cell, one per language."""
    languages = GRID.names.all_targets[wildcards.target].languages
    return [GRID.prediction(*get_cell(wildcards), language) for language in languages]


def get_view(wildcards) -> Grid:
    """Return the grid of the view whose tables are requested."""
    return GRID.in_view(wildcards.view.rstrip("/"))


def get_choice_scores(wildcards) -> list[str]:
    """Return the scores on development sets that choose the best strategy of a target."""
    chosen = [CHOICE] if CHOICE in GRID.views and wildcards.view != f"{CHOICE}/" else []
    return [file for view in chosen for file in GRID.in_view(view).scores()]


def get_trivial_baseline_training(wildcards) -> list[str]:
    """Return the training manifests of a target's trivial baselines."""
    members = GRID.trivial_baseline_members(wildcards.target)
    return [GRID.paths.data(member.task, member.language, "train") for member in members]


def get_submission(wildcards) -> submissions.Submission:
    """Return the submission of the wildcards."""
    return submissions.Submission(wildcards.base, int(wildcards.seed), wildcards.chain)


def flatten(by_task: dict[str, dict[str, str]]) -> list[str]:
    """Return the files of a mapping from task to language to file."""
    return [file for languages in by_task.values() for file in languages.values()]


def get_submitted_predictions(wildcards) -> list[str]:
    """Return the prediction files of a submission, one per task and language."""
    return flatten(submissions.prediction_files(GRID, get_submission(wildcards)))


def get_submitted_manifests(wildcards) -> list[str]:
    """Return the manifests of a submission's predicted cells."""
    files = get_submitted_predictions(wildcards)
    return sorted({f"{os.path.dirname(file)}/manifest.json" for file in files})


def data_files(manifests: list[str]) -> list[str]:
    """Return the data files of manifests, for inputs marked `ancient`: manifests trigger reruns."""
    return [data_file(manifest) for manifest in manifests]


def warn_of_results_without_metadata() -> None:
    """Warn that changes cannot be detected for results without Snakemake's metadata.

    Only `.snakemake/metadata` has the parameters of a product: without it, for instance for copied
    results, Snakemake considers every file up to date.
    """
    from snakemake.logging import logger

    metadata = Path(".snakemake/metadata")
    exists = Path(GRID.paths.root, "data").is_dir()
    if exists and not (metadata.is_dir() and any(metadata.iterdir())):
        logger.warning(
            f"{GRID.paths.root}: no metadata of how these results were made (folder {metadata}), as "
            "after copying them here: changes of recipes and code since then are not detected. Run "
            "once with --forceall: jobs whose product is up to date end at once, others remake it."
        )


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
    shown[0].addFilter(is_shown)
    WATCHING.append(Monitor(Path(GRID.paths.root), planned, existing, shown[0].stream))
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
    for grid in map(GRID.in_view, GRID.views):
        build_tables(grid, Path(grid.paths.tables))
        build_statistics(grid, Path(grid.paths.tables))
    build_study_report(GRID)
    show_table()
