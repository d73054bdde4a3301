"""The study, and functions for inputs, parameters and resources of rules."""

import contextlib
import os
from pathlib import Path

from snakemake.exceptions import WorkflowError

from xstilts.chains import EMPTY_CHAIN
from xstilts.checksums import Checksums
from xstilts.comparison_names import COMPARISONS
from xstilts.errors import UserError
from xstilts.grid import (
    Grid,
    identities,
    inputs,
    lookups,
    priorities,
    submissions,
    summaries,
)
from xstilts.grid.figures import figure_files
from xstilts.grid.processes import parallel
from xstilts.paths import outside_results


class Error(WorkflowError):
    """An error of the user's: Snakemake prints its message, without lines of the workflow's code."""

    __traceback__ = None


try:
    GRID = Grid.load(config, workflow.configfiles)
except UserError as error:
    raise Error(str(error)) from None

# Jobs read the checksums that the main process has computed
CHECKSUMS = Checksums(Path(GRID.paths.checksums), fixed=not workflow.is_main_process)


def get_checksums(files: list[str]) -> dict[str, str]:
    """Return the checksums of the files outside `results/`: they decide on reruns, not times."""
    try:
        found = {name: CHECKSUMS.of(file) for name, file in outside_results(files).items()}
    except UserError as error:
        raise Error(str(error)) from None
    # a dry run of a new study writes nothing
    if workflow.is_main_process and Path(GRID.paths.root).is_dir():
        # a dry run needs no space; the jobs of a run say that there is none
        with contextlib.suppress(OSError):
            CHECKSUMS.save()
    return found


def without_times(files: list[str]) -> list[str]:
    """Mark the files outside `results/` as `ancient`: their checksums are parameters."""
    outside = set(outside_results(files).values())
    return [ancient(file) if file in outside else file for file in files]


def get_data_files(wildcards) -> list[str]:
    """Return the source files of a data set: original files, or data that provide text."""
    return identities.data_files(GRID, wildcards.task, wildcards.language, wildcards.split)


def get_translation_files(wildcards) -> list[str]:
    """Return the inputs of a translated training set: the source's manifest, the model's files."""
    task, segment = wildcards.translated_task, wildcards.translated
    return identities.data_files(GRID, task, segment, "train")


def get_data_identity(wildcards) -> dict:
    """Return source, labels and reader of a data set."""
    return identities.data(GRID, wildcards.task, wildcards.language, wildcards.split)


def get_download_identity(wildcards) -> dict:
    """Return repositories, revisions and file patterns of a data set on the Hub."""
    return identities.download(GRID, wildcards.task, wildcards.language, wildcards.split)


def get_stage(wildcards) -> tuple[str, int, str, str | None]:
    """Return base, seed, chain and target of a stage (pretraining: empty chain, no target)."""
    base = wildcards.get("base") or wildcards.pretrained_base
    chain, target = wildcards.get("chain", EMPTY_CHAIN), wildcards.get("target")
    return base, int(wildcards.get("seed", 0)), chain, target


def get_training_inputs(wildcards) -> dict:
    """Return parent, training sets and dev sets of a stage."""
    return inputs.training(GRID, *get_stage(wildcards))


def get_stage_files(wildcards) -> list[str]:
    """Return the deleted token and data files of a stage's training and dev sets."""
    found = get_training_inputs(wildcards)
    return lookups.deleted_data([*found["tokens"], *found["dev_tokens"], *found["dev_data"]])


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


def get_priority(wildcards) -> float:
    """Return the priority of a training among the others."""
    return priorities.training(GRID, *get_stage(wildcards))


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


def get_evaluation_tokens(target):
    """Return an input function: tokens of a target's languages."""
    node = GRID.names.all_targets[target]
    return lambda wc: [GRID.tokens(wc.base, node, code) for code in node.languages]


def get_deleted_examples(target):
    """Return an input function: what was deleted of the data that a target's tokens were made of."""
    return lambda wc: ancient(lookups.deleted_examples(GRID, wc.base, target))


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
