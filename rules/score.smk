"""Scores: official metrics from predictions, on the CPU, without a model.

REQUIRED INPUTS: <results>/predictions/BASE/seed-SEED/CHAIN/TARGET/LANGUAGE.parquet
OUTPUTS: <results>/scores/BASE/seed-SEED/CHAIN/TARGET.parquet
"""


localrules:
    score_predictions,


rule score_predictions:
    """Score {wildcards.target} after {wildcards.chain} on {wildcards.base}, seed {wildcards.seed}"""
    input:
        manifest=get_cell_manifest,
        languages=get_cell_predictions,
    output:
        scores="<results>/scores/{base}/seed-{seed}/{chain}/{target}.parquet",
    log:
        "<logs>/scores/{base}/seed-{seed}/{chain}/{target}.log",
    benchmark:
        "<benchmarks>/scores/{base}/seed-{seed}/{chain}/{target}.jsonl"
    priority: priorities.SCORES
    conda:
        "../envs/score.yaml"
    params:
        identity=lambda wc: identities.scores(GRID, wc.target),
        split=lambda wc: GRID.names.all_targets[wc.target].split,
    script:
        "../workflow_scripts/score_predictions.py"
