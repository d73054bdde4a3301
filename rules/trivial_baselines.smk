"""Trivial baselines of each target, without a model: chance, frequent answers, bags of words.

REQUIRED INPUTS: <results>/data/..., of the target's training sets and evaluated languages
OUTPUTS: <results>/trivial_baselines/TARGET.parquet
"""


localrules:
    score_trivial_baselines,


rule score_trivial_baselines:
    """Score the trivial baselines of {wildcards.target}"""
    input:
        unpack(lambda wc: inputs.trivial_baselines(GRID, wc.target)),
        examples=lambda wc: ancient(
            lookups.deleted_data(inputs.files_of(inputs.trivial_baselines(GRID, wc.target)))
        ),
    output:
        scores="<results>/trivial_baselines/{target}.parquet",
    log:
        "<logs>/trivial_baselines/{target}.log",
    benchmark:
        "<benchmarks>/trivial_baselines/{target}.jsonl"
    priority: priorities.TRIVIAL_BASELINES
    conda:
        "../envs/score.yaml"
    params:
        identity=lambda wc: identities.trivial_baselines(GRID, wc.target),
    script:
        "../workflow_scripts/score_trivial_baselines.py"
