"""Statistics: strategies compared, with intervals, also by groups of languages; claims.

REQUIRED INPUTS: <results>/scores/..., <results>/predictions/...
OUTPUTS: <results>/tables/{effects,contrasts,groups,claims}.*
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
        contrasts=multiext("<results>/tables/contrasts", ".md", ".csv", ".parquet"),
        groups=multiext("<results>/tables/groups", ".md", ".csv", ".parquet"),
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
