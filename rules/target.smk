"""Target stages: one per base model, seed, chain and target that has training data.

REQUIRED INPUTS: the manifest of the chain's model, token manifests of the target's training sets
OUTPUTS: <results>/target/BASE/seed-SEED/CHAIN/TARGET/manifest.json and the model beside it
"""


rule train_target:
    """Train {wildcards.target} after {wildcards.chain} on {wildcards.base}, seed {wildcards.seed}"""
    input:
        parent=get_parent,
        tokens=get_member_tokens,
        dev_tokens=get_dev("tokens"),
        dev_data=get_dev("data"),
        arrays=lambda wc: ancient(get_arrays(wc)),
        checked=get_gate,
    output:
        manifest="<results>/target/{base}/seed-{seed}/{chain}/{target}/manifest.json",
    log:
        "<logs>/target/{base}/seed-{seed}/{chain}/{target}.log",
    benchmark:
        "<benchmarks>/target/{base}/seed-{seed}/{chain}/{target}.jsonl"
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
