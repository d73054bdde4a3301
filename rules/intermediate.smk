"""Intermediate stages: each prefix of a chain is trained once per base model and seed.

REQUIRED INPUTS: the parent's manifest, token manifests of the mixture
OUTPUTS: <results>/intermediate/BASE/seed-SEED/CHAIN/manifest.json and the model
"""


use rule pretrain as train_intermediate with:
    """Train {wildcards.base} on {wildcards.chain}, seed {wildcards.seed}"""
    output:
        manifest="<results>/intermediate/{base}/seed-{seed}/{chain}/manifest.json",
    log:
        "<logs>/intermediate/{base}/seed-{seed}/{chain}.log",
    benchmark:
        "<benchmarks>/intermediate/{base}/seed-{seed}/{chain}.jsonl"
    priority: get_priority
    threads: per_process(1)
