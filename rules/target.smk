"""Target stages: one per base model, seed, chain and target that has training data.

REQUIRED INPUTS: the manifest of the chain's model, token manifests of the target's training sets
OUTPUTS: <results>/target/BASE/seed-SEED/CHAIN/TARGET/manifest.json and the model
"""


use rule pretrain as train_target with:
    """Train {wildcards.target} after {wildcards.chain} on {wildcards.base}, seed {wildcards.seed}"""
    output:
        manifest="<results>/target/{base}/seed-{seed}/{chain}/{target}/manifest.json",
    log:
        "<logs>/target/{base}/seed-{seed}/{chain}/{target}.log",
    benchmark:
        "<benchmarks>/target/{base}/seed-{seed}/{chain}/{target}.jsonl"
    priority: get_priority
    threads: per_process(1)
