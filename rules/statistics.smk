"""Statistics: the effect of each strategy with its interval, and what becomes of claims.

REQUIRED INPUTS: <results>/scores/..., <results>/predictions/...
OUTPUTS: <results>/tables/{effects,claims}.*
"""


localrules:
    build_statistics,


rule build_statistics:
    """Compare the strategies"""
    input:
        scores=GRID.scores(),
        predictions=ancient(GRID.predictions()),
        claims=GRID.study.claims,
    output:
        effects=multiext("<results>/tables/effects", ".md", ".csv", ".parquet"),
        claims=multiext("<results>/tables/claims", ".md", ".csv", ".parquet"),
    log:
        "<logs>/tables/statistics.log",
    benchmark:
        "<benchmarks>/tables/statistics.jsonl"
    conda:
        "../envs/report.yaml"
    params:
        identity=identities.statistics(GRID),
    script:
        "../workflow_scripts/build_statistics.py"
