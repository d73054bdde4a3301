"""Base models: pretrained here, or taken from a folder or the hub.

REQUIRED INPUTS: the study's text, or a checkpoint.
OUTPUTS: <results>/bases/BASE/{tokenizer,model}/manifest.json and the files beside them
"""


localrules:
    import_base,


rule build_tokenizer:
    """Train the Unigram tokenizer of {wildcards.built_base}"""
    input:
        manifests=get_pretraining_text,
        examples=lambda wc: ancient(data_files(get_pretraining_text(wc))),
    output:
        manifest="<results>/bases/{built_base}/tokenizer/manifest.json",
    log:
        "<logs>/bases/{built_base}/tokenizer.log",
    benchmark:
        "<benchmarks>/bases/{built_base}/tokenizer.jsonl"
    conda:
        "../envs/score.yaml"
    threads: 2
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        identity=lambda wc: identities.tokenizer(GRID, wc.built_base),
    script:
        "../workflow_scripts/build_tokenizer.py"


rule pretrain:
    """Pretrain {wildcards.built_base} with MLM and translation-pair MLM"""
    input:
        parent=get_parent,
        tokens=get_member_tokens,
        dev_tokens=get_dev("tokens"),
        dev_data=get_dev("data"),
        arrays=lambda wc: ancient(get_arrays(wc)),
        checked=get_all_data_read,
    output:
        manifest="<results>/bases/{built_base}/model/manifest.json",
    log:
        "<logs>/bases/{built_base}/model.log",
    benchmark:
        "<benchmarks>/bases/{built_base}/model.jsonl"
    conda:
        "../envs/train.yaml"
    threads: per_process(2)
    resources:
        gpu=get_parallel("processes"),
        jobs_per_gpu=GRID.study.resources.jobs_per_gpu,
        mem_mb=per_process(8000),
        runtime=lambda wc, attempt: 720 * attempt,
        max_tokens=16384,
        gradient_checkpointing=get_runtime("gradient_checkpointing"),
        save_steps=get_runtime("save_steps"),
        processes=get_parallel("processes"),
        mode=get_parallel("mode"),
    params:
        identity=get_model_identity,
    script:
        "../workflow_scripts/train_stage.py"


rule import_base:
    """Take {wildcards.found_base} from its folder or the hub, completely or not at all"""
    output:
        tokenizer="<results>/bases/{found_base}/tokenizer/manifest.json",
        model="<results>/bases/{found_base}/model/manifest.json",
    log:
        "<logs>/bases/{found_base}/import.log",
    benchmark:
        "<benchmarks>/bases/{found_base}/import.jsonl"
    conda:
        "../envs/train.yaml"
    params:
        identity=lambda wc: identities.found_base(GRID, wc.found_base),
    script:
        "../workflow_scripts/import_base.py"
