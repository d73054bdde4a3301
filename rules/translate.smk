"""Translated training sets: `TASK@LANGUAGE:translated`, by the study's model.

Translations from files are read by prepare_data.

REQUIRED INPUTS: <results>/data/TASK/SOURCE_LANGUAGE/train.*, a checkpoint
OUTPUTS: <results>/data/TASK/LANGUAGE-translated/train.{parquet,json}
"""


ruleorder: translate_data > prepare_data


rule translate_data:
    """Translate {wildcards.translated_task} ({wildcards.translated})"""
    input:
        files=lambda wc: without_times(get_translation_files(wc)),
        examples=lambda wc: ancient(
            lookups.deleted_data(
                [GRID.paths.data(wc.translated_task, GRID.study.source_language, "train")]
            )
        ),
    output:
        # not `update`: deleted on failure, so that an outdated translation is not used
        manifest="<results>/data/{translated_task}/{translated}/train.json",
        # kept when the job starts: a translation that is up to date is reused
        examples=update("<results>/data/{translated_task}/{translated}/train.parquet"),
    log:
        "<logs>/data/{translated_task}/{translated}/train.log",
    benchmark:
        "<benchmarks>/data/{translated_task}/{translated}/train.jsonl"
    priority: priorities.FIRST
    conda:
        "../envs/train.yaml"
    threads: 2
    resources:
        gpu=1,
        jobs_per_gpu=GRID.study.resources.jobs_per_gpu,
        mem_mb=16000,
        runtime=lambda wc, attempt: 1440 * attempt,
        max_tokens=16384,
    params:
        identity=lambda wc: identities.data(GRID, wc.translated_task, wc.translated, "train"),
        checksums=lambda wc: get_checksums(get_translation_files(wc)),
    script:
        "../workflow_scripts/translate_data.py"
