"""Statistics: strategies compared, with intervals, also by groups of languages; claims.

REQUIRED INPUTS: <results>/scores/..., <results>/predictions/...
OUTPUTS: <results>/tables/[VIEW/]{effects,contrasts,groups,best,sources,difficulty,scale,variance,claims}.*
"""


localrules:
    build_statistics,


rule build_statistics:
    """Compare the strategies"""
    input:
        scores=lambda wc: get_view(wc).scores(),
        # what the best strategy of a target is chosen on
        choice=get_choice,
        predictions=lambda wc: ancient(get_view(wc).predictions()),
        # how hard the intermediate tasks were, how large the base models are
        models=[*GRID.intermediate_models(), *map(GRID.paths.base, GRID.study.bases)],
        claims=GRID.study.claims,
    output:
        effects=multiext("<results>/tables/{view}effects", ".md", ".csv", ".parquet"),
        contrasts=multiext("<results>/tables/{view}contrasts", ".md", ".csv", ".parquet"),
        groups=multiext("<results>/tables/{view}groups", ".md", ".csv", ".parquet"),
        best=multiext("<results>/tables/{view}best", ".md", ".csv", ".parquet"),
        difficulty=multiext("<results>/tables/{view}difficulty", ".md", ".csv", ".parquet"),
        scale=multiext("<results>/tables/{view}scale", ".md", ".csv", ".parquet"),
        sources=multiext("<results>/tables/{view}sources", ".md", ".csv", ".parquet"),
        variance=multiext("<results>/tables/{view}variance", ".md", ".csv", ".parquet"),
        claims=multiext("<results>/tables/{view}claims", ".md", ".csv", ".parquet"),
    log:
        "<logs>/tables/{view}statistics.log",
    benchmark:
        "<benchmarks>/tables/{view}statistics.jsonl"
    conda:
        "../envs/report.yaml"
    params:
        identity=lambda wc: summaries.statistics(get_view(wc)),
    script:
        "../workflow_scripts/build_statistics.py"
