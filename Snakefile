"""Cross-lingual intermediate-task transfer, from one study file to a transfer table.

    results/STUDY/
        data/          examples, one Parquet per task, language and split
        bases/         pretrained models and their tokenizers
        tokens/        tokens, memory-mapped, shared by all stages
        intermediate/  models after intermediate stages, one per base, seed and chain
        target/        models after the target stage
        predictions/   one Parquet per language
        trivial_baselines/     scores without a model, per target
        scores/        one row per language and metric
        submission/    predictions in XTREME's layout, one folder per base, seed and chain
        tables/        the transfer table and all other tables
        report.html    tables and figures on one page
        figures/       figures as SVG and PNG
        failures/      records of running and failed jobs
        logs/ benchmarks/ locks/    mirror the above

Request everything (`snakemake`), one kind of product (`intermediate_models`, `target_models`,
`predictions`, `scores`, `tables`, `report`, `figures`, `submission`) or any file by its path.
"""

from snakemake.utils import min_version

min_version("9.20")


include: "rules/study_file.smk"


if not workflow.overwrite_configfiles:

    configfile: checked("config.yaml")


report: "rules/captions/workflow.rst"


include: "rules/common.smk"
include: "rules/run.smk"
include: "rules/stop.smk"
include: "rules/dry_run.smk"


# tables and messages have characters that not every terminal has
replace_unencodable()


pathvars:
    results=GRID.paths.root,
    logs=f"{GRID.paths.root}/logs",
    benchmarks=f"{GRID.paths.root}/benchmarks",


wildcard_constraints:
    **GRID.patterns(),


include: "rules/collect.smk"
include: "rules/data.smk"
include: "rules/translate.smk"
include: "rules/base.smk"
include: "rules/tokens.smk"
include: "rules/intermediate.smk"
include: "rules/target.smk"
include: "rules/predict.smk"
include: "rules/score.smk"
include: "rules/trivial_baselines.smk"
include: "rules/submission.smk"
include: "rules/tables.smk"
include: "rules/statistics.smk"
include: "rules/report.smk"


localrules:
    all,


rule all:
    """Tables and report of the study, and all their inputs, so that missing ones are made again."""
    input:
        rules.intermediate_models.input,
        rules.target_models.input,
        rules.predictions.input,
        rules.scores.input,
        rules.tables.input,
        rules.report.input,
        rules.figures.input,


if workflow.is_main_process:
    heed_signals_before_run()
    enter_working_folder(Path(".snakemake"), Path(GRID.paths.root))
    check_resource_names()
    record_outdated_products()
    if not watch_dry_run():
        name_sources()


onstart:
    prepare_run()
    disable_job_rate_limit()
    start_fork_server()
    name_untested_device()
    watch_run()


onsuccess:
    show_table()


onerror:
    finish_run()
