"""Base models: pretrained by the workflow, or imported from a folder or the Hub.

REQUIRED INPUTS: the study's text, or a checkpoint.
OUTPUTS: <results>/bases/BASE/{tokenizer,model}/manifest.json with tokenizer and model
"""


localrules:
    import_base,


rule build_tokenizer:
    """Train the Unigram tokenizer of {wildcards.pretrained_base}"""
    input:
        unpack(lambda wc: inputs.tokenizer(GRID, wc.pretrained_base)),
        examples=lambda wc: ancient(
            lookups.deleted_data(inputs.tokenizer(GRID, wc.pretrained_base)["manifests"])
        ),
    output:
        manifest="<results>/bases/{pretrained_base}/tokenizer/manifest.json",
    log:
        "<logs>/bases/{pretrained_base}/tokenizer.log",
    benchmark:
        "<benchmarks>/bases/{pretrained_base}/tokenizer.jsonl"
    priority: priorities.TOKENS
    conda:
        "../envs/score.yaml"
    threads: 2
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        identity=lambda wc: identities.tokenizer(GRID, wc.pretrained_base),
    script:
        "../workflow_scripts/build_tokenizer.py"


rule pretrain:
    """Pretrain {wildcards.pretrained_base} with MLM and translation-pair MLM"""
    input:
        unpack(get_training_inputs),
        files=lambda wc: ancient(get_stage_files(wc)),
        data_check=get_data_check,
    output:
        manifest="<results>/bases/{pretrained_base}/model/manifest.json",
    log:
        "<logs>/bases/{pretrained_base}/model.log",
    benchmark:
        "<benchmarks>/bases/{pretrained_base}/model.jsonl"
    priority: get_priority
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
    """Import {wildcards.imported_base} from its folder or the Hub"""
    output:
        tokenizer="<results>/bases/{imported_base}/tokenizer/manifest.json",
        model="<results>/bases/{imported_base}/model/manifest.json",
    log:
        "<logs>/bases/{imported_base}/import.log",
    benchmark:
        "<benchmarks>/bases/{imported_base}/import.jsonl"
    # like data: an incomplete checkpoint must be reported before a GPU is used
    priority: priorities.FIRST
    conda:
        "../envs/train.yaml"
    params:
        identity=lambda wc: identities.imported_base(GRID, wc.imported_base),
        checksums=lambda wc: get_checksums(inputs.checkpoint(GRID, wc.imported_base)),
    script:
        "../workflow_scripts/import_base.py"
