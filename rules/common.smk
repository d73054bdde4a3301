"""The study, and the functions that rules ask for inputs, parameters and resources."""

import os
import sys
import time
from pathlib import Path

STARTED = time.time()
WATCHING = []  # the monitor, while jobs run

LIBRARY = str(Path(workflow.basedir) / "workflow_scripts")
sys.path.insert(0, LIBRARY)
# Scripts and cluster jobs must import the library of this checkout, not another one on the path.
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
from xstilts.runner import client as warm  # noqa: E402

try:
    GRID = Grid.load(config, workflow.configfiles)
except UserError as error:
    raise WorkflowError(str(error)) from None


def get_data_files(wildcards) -> list[str]:
    """Original files, or the data that text is taken from."""
    return identities.data_files(GRID, wildcards.task, wildcards.language, wildcards.split)


def get_data_identity(wildcards) -> dict:
    """Source, labels and reader of a data set."""
    return identities.data(GRID, wildcards.task, wildcards.language, wildcards.split)


def get_download_identity(wildcards) -> dict:
    """Repositories, revisions and file patterns of a data set on the hub."""
    return identities.download(GRID, wildcards.task, wildcards.language, wildcards.split)


def get_pretraining_text(wildcards) -> list[str]:
    """Manifests of the text that a base model built here reads."""
    members = GRID.text_members(wildcards.built_base)
    return [GRID.paths.data(member.task, member.language, "train") for member in members]


def get_stage(wildcards) -> tuple[str, int, str, str | None]:
    """Base, seed, chain and target of a stage; pretraining has the empty chain and no target."""
    base = wildcards.get("base") or wildcards.built_base
    chain, target = wildcards.get("chain", EMPTY_CHAIN), wildcards.get("target")
    return base, int(wildcards.get("seed", 0)), chain, target


def get_member_tokens(wildcards) -> list[str]:
    """Token manifests of the training sets of a stage, in the order of its mixture."""
    base, _, chain, target = get_stage(wildcards)
    members = GRID.members(base, chain, target)
    return [GRID.paths.tokens(base, member.task, member.language, "train") for member in members]


def get_dev(product):
    """A function of wildcards: manifests of the dev tokens (or data) that select weights."""

    def manifests(wildcards) -> list[str]:
        base, _, chain, target = get_stage(wildcards)
        members = GRID.dev_members(base, chain, target)
        sets = [(member.task, member.language, "validation") for member in members]
        if product == "data":
            return [GRID.paths.data(*dev) for dev in sets]
        return [GRID.paths.tokens(base, *dev) for dev in sets]

    return manifests


def get_arrays(wildcards) -> list[str]:
    """Data files of a stage's training and dev sets."""
    dev = [*get_dev("tokens")(wildcards), *get_dev("data")(wildcards)]
    return data_files([*get_member_tokens(wildcards), *dev])


def get_parent(wildcards) -> str:
    """Manifest of the model that a stage starts from; of the tokenizer, for pretraining."""
    return GRID.parent(*get_stage(wildcards))


def get_all_data_read(wildcards) -> list[str]:
    """What a stage that is not there yet waits for: that every data set has been read.

    A finished model has no such input: a new language must not touch it. (`ancient` would not do:
    Snakemake does not look for other reasons to run a job below one that runs.)
    """
    manifest = GRID.trained_model(*get_stage(wildcards))
    return [] if Path(manifest).exists() else [GRID.paths.checked]


def get_model_identity(wildcards) -> dict:
    """Mixture, recipe, seed and numeric code of a stage."""
    return identities.model(GRID, *get_stage(wildcards))


def get_runtime(key):
    """A function of wildcards: how a stage is run; no parameter, for it changes no result."""

    def value(wildcards) -> int:
        base, _, chain, target = get_stage(wildcards)
        return GRID.runtime(base, chain, target)[key]

    return value


def get_parallel(key):
    """A function of wildcards: how many processes train a stage, or how they share the model."""

    def value(wildcards) -> int | str:
        base, *_ = get_stage(wildcards)
        return getattr(parallel(GRID, base), key)

    return value


def per_process(amount: int):
    """A function of wildcards: what a stage needs that one process needs this much of."""
    return lambda wildcards: amount * get_parallel("processes")(wildcards)


def get_predicting_model(target):
    """A function of wildcards: manifest of the model that predicts a cell of this target."""
    return lambda wc: GRID.model_of(wc.base, int(wc.seed), wc.chain, target)


def get_evaluation(product, target):
    """A function of wildcards: manifests of the evaluated data (or tokens), a language each."""
    node = GRID.names.all_targets[target]
    if product == "data":
        return [GRID.paths.data(node.task.name, code, node.split) for code in node.languages]
    return lambda wc: [
        GRID.paths.tokens(wc.base, node.task.name, code, node.split) for code in node.languages
    ]


def get_cell(wildcards) -> tuple:
    """Base, seed, stages and target of a cell."""
    stages = GRID.stages_of(wildcards.chain)
    return wildcards.base, int(wildcards.seed), stages, wildcards.target


def get_cell_manifest(wildcards) -> str:
    """The manifest that says that all languages of a cell are predicted."""
    return GRID.predicted(*get_cell(wildcards))


def get_cell_predictions(wildcards) -> list[str]:
    """Prediction files of a cell, a language each."""
    languages = GRID.names.all_targets[wildcards.target].languages
    return [GRID.prediction(*get_cell(wildcards), language) for language in languages]


def get_view(wildcards) -> Grid:
    """The study as the view has it whose tables are asked for."""
    return GRID.in_view(wildcards.view.rstrip("/"))


def get_choice(wildcards) -> list[str]:
    """Scores on the development sets on which the best strategy of a target is chosen."""
    chosen = [CHOICE] if CHOICE in GRID.views and wildcards.view != f"{CHOICE}/" else []
    return [file for view in chosen for file in GRID.in_view(view).scores()]


def get_trivial_baseline_training(wildcards) -> list[str]:
    """Manifests of the training sets of a target's baselines."""
    members = GRID.trivial_baseline_members(wildcards.target)
    return [GRID.paths.data(member.task, member.language, "train") for member in members]


def get_submission(wildcards) -> submissions.Submission:
    """The submission that a path belongs to."""
    return submissions.Submission(wildcards.base, int(wildcards.seed), wildcards.chain)


def get_files_of(by_task: dict[str, dict[str, str]]) -> list[str]:
    """The files in a mapping from task to language to file."""
    return [file for languages in by_task.values() for file in languages.values()]


def get_submitted_predictions(wildcards) -> list[str]:
    """Prediction files of a submission, a task and language each."""
    return get_files_of(submissions.prediction_files(GRID, get_submission(wildcards)))


def get_submitted_manifests(wildcards) -> list[str]:
    """Manifests which say that all languages of the tasks are predicted."""
    files = get_submitted_predictions(wildcards)
    return sorted({f"{os.path.dirname(file)}/manifest.json" for file in files})


def data_files(manifests: list[str]) -> list[str]:
    """The data files beside manifests; inputs marked `ancient`, since manifests decide."""
    return [data_file(manifest) for manifest in manifests]


def warn_of_results_without_metadata() -> None:
    """Say that changes cannot be noticed where results came without Snakemake's record of them.

    Which parameters a product was made with stands in `.snakemake/metadata` alone: of results that
    were copied here without it, Snakemake takes every file for what is wanted.
    """
    from snakemake.logging import logger

    record = Path(".snakemake/metadata")
    there = Path(GRID.paths.root, "data").is_dir()
    if there and not (record.is_dir() and any(record.iterdir())):
        logger.warning(
            f"{GRID.paths.root}: there is no record of how these results were made (folder "
            f"{record}), as if they had been copied here: changes of recipes and code since then "
            "are not noticed. Run once with --forceall: jobs whose product is still right end at "
            "once, the others make it again."
        )


def disable_job_rate_limit() -> None:
    """Lift Snakemake's default limit of 100 job starts a second; one that was asked for stays.

    Under a limit each round of the scheduler calls for another when the second is over, whatever
    called for the round itself (9.27, JobScheduler.schedule). So each job that ends adds a round a
    second for the rest of the run: hundreds in the end, which take a core from the jobs.
    """
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None


def start_fork_server() -> None:
    """Let jobs that run here start at once, if any of them uses a model."""
    from snakemake.settings.types import DeploymentMethod

    elsewhere = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
    models = any("max_tokens" in job.rule.resources for job in workflow.dag.needrun_jobs())
    if workflow.local_exec and models and not elsewhere:
        warm.start_fork_server()


def watch_run() -> None:
    """Say what this run does and each job that ends, in place of Snakemake's account of each.

    That stays in its log file, and on the screen with --verbose, --printshellcmds or --quiet.
    """
    from snakemake.logging import logger

    from xstilts.monitor.run import Monitor, is_shown
    from xstilts.monitor.screen import Screen

    settings = workflow.output_settings
    shown = [handler for handler in logger.handlers if handler.name == "DefaultStreamHandler"]
    if workflow.touch or settings.verbose or settings.printshellcmds or settings.quiet or not shown:
        return
    made = [job for job in workflow.dag.jobs if job.output]
    to_do = {job.jobid: get_job(job) for job in made if workflow.dag.needrun(job)}
    there = [product(job.output[0]) for job in made if not workflow.dag.needrun(job)]
    shown[0].stream = Screen(shown[0].stream)
    shown[0].addFilter(is_shown)
    WATCHING.append(Monitor(Path(GRID.paths.root), to_do, there, shown[0].stream))
    logger.addHandler(WATCHING[0])


def get_job(job) -> "Job":
    """What a person is told of a job: what its rule says it does."""
    from xstilts.monitor.run import Job

    text = job.message or job.format_wildcards(job.rule.docstring or job.rule.name)
    record = os.path.relpath(job.benchmark, f"{GRID.paths.root}/benchmarks")
    return Job(text.splitlines()[0], product(job.output[0]), record.removesuffix(".jsonl"))


def stop_watching() -> None:
    """Take the status line away."""
    for monitor in WATCHING:
        monitor.close()


def show_table() -> None:
    """Print the transfer table if this run made it."""
    stop_watching()
    table = Path(GRID.paths.tables) / "transfer.md"
    if table.is_file() and table.stat().st_mtime >= STARTED:
        text = table.read_text(encoding="utf-8")
        sys.stdout.write(f"\n{text}\n({table}; report: {GRID.paths.report})\n")


def write_partial_tables() -> None:
    """After a failed run: tables and report of what there is, and why the rest is missing."""
    from xstilts.jobs.report import build_study_report
    from xstilts.jobs.statistics import build_statistics
    from xstilts.jobs.tables import build_tables

    stop_watching()
    for grid in map(GRID.in_view, GRID.views):
        build_tables(grid, Path(grid.paths.tables))
        build_statistics(grid, Path(grid.paths.tables))
    build_study_report(GRID)
    show_table()
