"""Examples of every task, language and split in the Parquet schema of their kind.

Only fetch_data uses the network. Downloads are kept outside the results and shared by all studies.

REQUIRED INPUTS: original files below `data_root`, Hub files below `mirror`, or nothing (microworld,
the Hub itself).
OUTPUTS: <results>/downloads/TASK/LANGUAGE/SPLIT.json and files in the study's `hub_cache`,
<results>/data/TASK/LANGUAGE/SPLIT.{parquet,json}, <results>/data/checked.json
"""


localrules:
    fetch_data,
    prepare_data,
    check_data,


rule fetch_data:
    """Download {wildcards.task} in {wildcards.language} ({wildcards.split}) unless cached"""
    output:
        manifest="<results>/downloads/{task}/{language}/{split}.json",
    log:
        "<logs>/downloads/{task}/{language}/{split}.log",
    benchmark:
        "<benchmarks>/downloads/{task}/{language}/{split}.jsonl"
    priority: priorities.FIRST
    conda:
        "../envs/score.yaml"
    params:
        identity=get_download_identity,
    script:
        "../workflow_scripts/fetch_data.py"


rule prepare_data:
    """Read {wildcards.task} in {wildcards.language} ({wildcards.split})"""
    input:
        files=lambda wc: without_times(get_data_files(wc)),
    output:
        examples="<results>/data/{task}/{language}/{split}.parquet",
        manifest="<results>/data/{task}/{language}/{split}.json",
    log:
        "<logs>/data/{task}/{language}/{split}.log",
    benchmark:
        "<benchmarks>/data/{task}/{language}/{split}.jsonl"
    # first of all: invalid input must be reported before a GPU is used
    priority: priorities.FIRST
    conda:
        "../envs/score.yaml"
    params:
        identity=get_data_identity,
        checksums=lambda wc: get_checksums(get_data_files(wc)),
    script:
        "../workflow_scripts/prepare_data.py"


rule check_data:
    """Check that every data set of the study has been read"""
    input:
        manifests=identities.data_check(GRID)["data"],
    output:
        data_check="<results>/data/checked.json",
    log:
        "<logs>/data/checked.log",
    benchmark:
        "<benchmarks>/data/checked.jsonl"
    priority: priorities.FIRST
    conda:
        "../envs/score.yaml"
    params:
        identity=identities.data_check(GRID),
    script:
        "../workflow_scripts/check_data.py"
