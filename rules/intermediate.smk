"""Intermediate stages: each prefix of a chain is trained once per base model and seed.

REQUIRED INPUTS: the parent's manifest, token manifests of the mixture
OUTPUTS: <results>/intermediate/BASE/seed-SEED/CHAIN/manifest.json and the model beside it
"""


rule train_intermediate:
    """Train {wildcards.base} on {wildcards.chain}, seed {wildcards.seed}"""
    input:
        parent=get_parent,
        tokens=get_member_tokens,
        dev_tokens=get_dev("tokens"),
        dev_data=get_dev("data"),
        arrays=lambda wc: ancient(get_arrays(wc)),
        checked=get_gate,
    output:
        manifest="<results>/intermediate/{base}/seed-{seed}/{chain}/manifest.json",
    log:
        "<logs>/intermediate/{base}/seed-{seed}/{chain}.log",
    benchmark:
        "<benchmarks>/intermediate/{base}/seed-{seed}/{chain}.jsonl"
    conda:
        "../envs/train.yaml"
    threads: per_process(1)
    resources:
        gpu=get_parallel("processes"),
        jobs_per_gpu=GRID.study.resources.jobs_per_gpu,
        mem_mb=per_process(8000),
        runtime=lambda wc, attempt: 720 * attempt,
        tokens_per_pass=16384,
        gradient_checkpointing=get_running("gradient_checkpointing"),
        save_steps=get_running("save_steps"),
        processes=get_parallel("processes"),
        mode=get_parallel("mode"),
    params:
        identity=get_model_identity,
    script:
        "../workflow_scripts/train_stage.py"
